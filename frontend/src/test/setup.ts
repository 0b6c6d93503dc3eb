import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { usePendingStore } from "../stores/pendingVideos";
import { setLanguage, setTheme, usePreferences } from "../stores/preferences";

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
