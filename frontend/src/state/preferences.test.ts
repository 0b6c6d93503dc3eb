import { afterEach, describe, expect, it, vi } from "vitest";
import { currentLanguage, followPreferences, rememberList, setLanguage, setTheme, usePreferences } from "./preferences";

const KEY = "vidferry.preferences";

function fromOtherTab(newValue: string | null) {
  if (newValue === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, newValue);
  window.dispatchEvent(new StorageEvent("storage", { key: KEY, newValue }));
}

describe("preferences", () => {
  let stop = () => {};
  afterEach(() => {
    stop();
    vi.restoreAllMocks();
  });

  it("are shown by the document and kept", () => {
    stop = followPreferences();
    setLanguage("de");
    setTheme("dark");
    expect(document.documentElement.lang).toBe("de");
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(JSON.parse(localStorage.getItem(KEY) ?? "")).toMatchObject({ language: "de", theme: "dark" });
    setTheme("system");
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });

  it("follow another tab, and ignore what makes no sense", () => {
    stop = followPreferences();
    fromOtherTab('{"language":"de","theme":"light","lastListId":"x"}');
    expect(usePreferences.getState()).toEqual({ language: "de", theme: "light", lastListId: "x" });
    fromOtherTab('{"language":"fr","theme":7,"lastListId":{}}');
    expect(usePreferences.getState()).toEqual({ language: null, theme: "system", lastListId: null });
    fromOtherTab("not json");
    expect(usePreferences.getState().theme).toBe("system");
  });

  it("last as long as the page where nothing can be kept", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    rememberList("x");
    expect(usePreferences.getState().lastListId).toBe("x");
  });

  it.each([
    [["de-AT", "en"], "de"],
    [["fr", "de"], "de"],
    [["fr"], "en"],
    [["en-US", "de"], "en"],
  ])("take the language of the browser: %s → %s", (languages, expected) => {
    usePreferences.setState({ language: null });
    vi.spyOn(navigator, "languages", "get").mockReturnValue(languages);
    expect(currentLanguage()).toBe(expected);
  });
});
