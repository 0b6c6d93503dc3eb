import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { usePendingStore } from "../state/pendingVideos";
import { setLanguage, setTheme, usePreferences } from "../state/preferences";

beforeEach(() => {
  setTheme("system");
  setLanguage("en");
  usePreferences.setState({ lastListId: null });
  localStorage.clear();
});

afterEach(() => {
  cleanup();
  usePendingStore.setState({ byList: {} });
});
