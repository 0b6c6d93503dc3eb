import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { followPreferences } from "../state/preferences";
import { App } from "./App";
import "./theme.css";

followPreferences();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
