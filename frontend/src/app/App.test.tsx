import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type ApiHandlers, installApi } from "../test/api";
import { aConfig, aList, aVideoPage, LIST_ID } from "../test/data";
import { toast } from "../ui/toasts";
import { App } from "./App";

function open(path: string, known: ApiHandlers = {}) {
  const api = installApi({
    "GET /api/config": aConfig({ features: { import_progress: false } }),
    "GET /api/lists": { items: [aList()], next_cursor: null },
    "GET /api/lists/{id}": aList(),
    "GET /api/lists/{id}/videos": aVideoPage([]),
    ...known,
  });
  window.history.replaceState(null, "", path);
  return { ...api, ...render(<App />), user: userEvent.setup() };
}

beforeEach(() => {
  vi.restoreAllMocks();
});

describe("App", () => {
  it("leads from its root to a list", async () => {
    open("/");
    expect(await screen.findByRole("heading", { name: "Lighthouses" })).toBeInTheDocument();
    expect(window.location.pathname).toBe(`/lists/${LIST_ID}`);
  });

  it("says so where there is no such page, and leads back", async () => {
    const { user } = open("/nowhere");
    expect(screen.getByRole("heading", { name: "Page not found" })).toBeInTheDocument();
    await user.click(screen.getByRole("link", { name: "Go to your lists" }));
    expect(await screen.findByRole("heading", { name: "Lighthouses" })).toBeInTheDocument();
    await waitFor(() => expect(screen.getByRole("main")).toHaveFocus());
  });

  it("names each page, also after going back", async () => {
    const { user } = open(`/lists/${LIST_ID}`);
    await waitFor(() => expect(document.title).toBe("Lighthouses · Vidferry"));
    await user.click(screen.getByRole("link", { name: "Subscriptions" }));
    await waitFor(() => expect(document.title).toBe("Subscriptions · Vidferry"));
    act(() => window.history.back());
    await waitFor(() => expect(document.title).toBe("Lighthouses · Vidferry"));
    expect(document.querySelectorAll("title").length).toBeLessThanOrEqual(1);
  });

  it("has its short notices right before the page, where the keyboard finds them in time", async () => {
    const { user } = open("/nowhere");
    const run = vi.fn();
    act(() => void toast({ text: "5 failed", action: { label: "Try again", run } }));
    screen.getByRole("main").focus();
    await user.tab({ shift: true });
    expect(screen.getByRole("button", { name: "Close the notification" })).toHaveFocus();
    await user.tab({ shift: true });
    await user.keyboard("{Enter}");
    expect(run).toHaveBeenCalledOnce();
    expect(screen.getByRole("main")).toHaveFocus();
  });

  it("works with a configuration that lacks everything", async () => {
    open(`/lists/${LIST_ID}`, { "GET /api/config": {} });
    expect(await screen.findByText("No videos yet")).toBeInTheDocument();
  });

  it("says so where everything has failed, the frame too", () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(window, "matchMedia").mockImplementation(() => {
      throw new Error("No such thing.");
    });
    open("/nowhere");
    expect(screen.getByRole("alert")).toHaveTextContent("This page could not be displayed.");
    expect(screen.getByRole("button", { name: "Reload the page" })).toBeInTheDocument();
  });

  it("asks anew in the language that was chosen", async () => {
    const { user, requests } = open("/nowhere");
    await screen.findByRole("link", { name: /Lighthouses/ });
    await user.selectOptions(screen.getByRole("combobox", { name: "Language" }), "Deutsch");
    expect(screen.getByRole("heading", { name: "Seite nicht gefunden" })).toBeInTheDocument();
    const asked = () => requests.filter(({ path }) => path === "/api/lists").map(({ headers }) => headers);
    await waitFor(() => expect(asked().at(-1)?.get("Accept-Language")).toBe("de"));
  });

  it("has the lists in a drawer on phones", async () => {
    vi.spyOn(window, "matchMedia").mockImplementation(
      (query) =>
        Object.assign(new EventTarget(), { matches: query.includes("max-width"), media: query }) as MediaQueryList,
    );
    const { user } = open("/nowhere");
    expect(screen.queryByRole("navigation")).toBeNull();
    const menu = screen.getByRole("button", { name: "Lists" });
    await user.click(menu);
    expect(await screen.findByRole("dialog", { name: "Lists" })).toBeInTheDocument();
    await act(async () => void screen.getByRole("dialog").dispatchEvent(new Event("cancel", { cancelable: true })));
    expect(screen.queryByRole("navigation")).toBeNull();
    expect(menu).toHaveFocus();
  });
});
