import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { followPreferences } from "./stores/preferences";
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
