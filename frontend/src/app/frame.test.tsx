import { act, screen, waitFor, within } from "@testing-library/react";
import axe from "axe-core";
import { useState } from "react";
import { describe, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { Sidebar } from "../features/lists/Sidebar";
import { HomePage } from "../pages/HomePage";
import { usePreferences } from "../state/preferences";
import { refuse, reply } from "../test/api";
import { aList } from "../test/data";
import { renderWithApp } from "../test/render";
import { Dialog } from "../ui/Dialog";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Header } from "./Header";

const A = aList({ id: "a", name: "Lighthouses", video_count: 1234 });
const B = aList({ id: "b", name: "Ferries", video_count: 0 });

function lists(...items: unknown[]) {
  return { "GET /api/lists": { items, next_cursor: null } };
}

async function expectAccessible(container: Element) {
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}

describe("Sidebar", () => {
  it("shows the lists with their counts, and which one is open", async () => {
    const { container } = renderWithApp(<Sidebar />, { api: lists(A, B), path: "/lists/b" });
    const link = await screen.findByRole("link", { name: /Lighthouses/ });
    expect(link).toHaveAccessibleName("Lighthouses 1,234 videos");
    expect(link).toHaveAttribute("href", "/lists/a");
    expect(screen.getByRole("link", { name: /Ferries/ })).toHaveAttribute("aria-current", "page");
    expect(screen.getByRole("link", { name: "Subscriptions" })).toHaveAttribute("href", "/subscriptions");
    await expectAccessible(container);
  });

  it("makes a new list and opens it, by keyboard alone", async () => {
    const { user, history, requests } = renderWithApp(<Sidebar />, {
      api: { ...lists(A), "POST /api/lists": () => reply(201, B) },
    });
    (await screen.findByRole("button", { name: "New list" })).focus();
    await user.keyboard("{Enter}");
    expect(screen.getByRole("textbox", { name: "Name of the list" })).toHaveFocus();
    await user.keyboard("  Ferries {Enter}");
    await waitFor(() => expect(history.at(-1)).toBe("/lists/b"));
    expect(requests.find(({ method }) => method === "POST")?.body).toEqual({ name: "Ferries" });
    expect(screen.queryByRole("textbox")).toBeNull();
  });

  it("says why a name is refused, and lets Escape call it off", async () => {
    const errors = [{ field: "name", message: "This name is too long.", code: "string_too_long" }];
    const { user } = renderWithApp(<Sidebar />, {
      api: { ...lists(A), "POST /api/lists": () => refuse(422, { code: "validation_failed", errors }) },
    });
    await user.click(await screen.findByRole("button", { name: "New list" }));
    await user.keyboard("{Enter}");
    expect(screen.queryByRole("alert")).toBeNull();
    await user.keyboard("x{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("This name is too long.");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("textbox")).toBeNull();
    expect(screen.getByRole("button", { name: "New list" })).toHaveFocus();
  });

  it("renames a list", async () => {
    const { user } = renderWithApp(<Sidebar />, {
      api: { ...lists(A), "PATCH /api/lists/a": ({ body }: { body: object }) => ({ ...A, ...body }) },
    });
    await user.click(await screen.findByRole("button", { name: "Rename “Lighthouses”" }));
    const field = screen.getByRole("textbox");
    expect(field).toHaveValue("Lighthouses");
    await user.clear(field);
    await user.type(field, "Lamps{Enter}");
    expect(await screen.findByRole("link", { name: /Lamps/ })).toBeInTheDocument();
    const pencil = screen.getByRole("button", { name: "Rename “Lamps”" });
    expect(pencil).toHaveFocus();
    await user.keyboard("{Enter}{Escape}");
    expect(screen.getByRole("button", { name: "Rename “Lamps”" })).toHaveFocus();
  });

  it("sends a name off once, and keeps the focus until the answer is there", async () => {
    let answer = (_list: unknown) => {};
    const renaming = new Promise((resolve) => {
      answer = resolve;
    });
    const { user, requests } = renderWithApp(<Sidebar />, {
      api: { ...lists(A), "PATCH /api/lists/a": () => renaming },
    });
    await user.click(await screen.findByRole("button", { name: "Rename “Lighthouses”" }));
    const save = screen.getByRole("button", { name: "Save" });
    await user.click(save);
    await waitFor(() => expect(save).toHaveAttribute("aria-busy", "true"));
    expect(save).toHaveAttribute("aria-disabled", "true");
    expect(save).toHaveFocus();
    await user.keyboard("{Enter}");
    await user.type(screen.getByRole("textbox"), "{Enter}");
    await act(async () => answer({ ...A, name: "Lamps" }));
    expect(await screen.findByRole("link", { name: /Lamps/ })).toBeInTheDocument();
    expect(requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  it("goes on with the page when another list is deleted", async () => {
    const page = (
      <>
        <Sidebar />
        <main tabIndex={-1} />
      </>
    );
    const { user } = renderWithApp(page, {
      api: { ...lists(A, B), "DELETE /api/lists/a": () => undefined },
      path: "/lists/b",
    });
    await user.click(await screen.findByRole("button", { name: "Delete “Lighthouses”" }));
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(screen.queryByRole("link", { name: /Lighthouses/ })).toBeNull();
    expect(screen.getByRole("main")).toHaveFocus();
  });

  it("goes on within the drawer when a list is deleted there", async () => {
    const page = (
      <>
        <Sidebar isDrawer isOpen />
        <main tabIndex={-1} />
      </>
    );
    const { user } = renderWithApp(page, { api: { ...lists(A, B), "DELETE /api/lists/a": () => undefined } });
    await user.click(await screen.findByRole("button", { name: "Delete “Lighthouses”" }));
    await user.click(within(screen.getByRole("dialog", { name: /Delete/ })).getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(screen.queryByRole("link", { name: /Lighthouses/ })).toBeNull());
    expect(screen.getByRole("button", { name: "Close the lists" })).toHaveFocus();
  });

  it("deletes a list only after asking, and leaves it", async () => {
    const { user, history, requests } = renderWithApp(<Sidebar />, {
      api: { ...lists(A, B), "DELETE /api/lists/a": () => undefined },
      path: "/lists/a",
    });
    await user.click(await screen.findByRole("button", { name: "Delete “Lighthouses”" }));
    const dialog = screen.getByRole("dialog", { name: "Delete this list?" });
    expect(dialog).toHaveTextContent("“Lighthouses” and its 1,234 videos");
    expect(within(dialog).getByRole("button", { name: "Cancel" })).toHaveFocus();
    expect(requests.some(({ method }) => method === "DELETE")).toBe(false);
    await user.click(within(dialog).getByRole("button", { name: "Delete" }));
    await waitFor(() => expect(history.at(-1)).toBe("/"));
    expect(screen.queryByRole("link", { name: /Lighthouses/ })).toBeNull();
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("offers to try again where the lists cannot be had", async () => {
    const answer = vi.fn(() => refuse(404, { detail: "Not now." }) as unknown);
    const { user } = renderWithApp(<Sidebar />, { api: { "GET /api/lists": answer } });
    expect(await screen.findByRole("alert")).toHaveTextContent("Not now.");
    answer.mockReturnValue({ items: [A], next_cursor: null });
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: /Lighthouses/ })).toBeInTheDocument();
  });

  it("is a drawer on phones that closes when a list is chosen", async () => {
    const onClose = vi.fn();
    const { user } = renderWithApp(<Sidebar isDrawer isOpen onClose={onClose} />, { api: lists(A) });
    await user.click(await screen.findByRole("link", { name: /Lighthouses/ }));
    expect(onClose).toHaveBeenCalledOnce();
  });
});

describe("first run", () => {
  it("makes nothing by itself, and one list in one step", async () => {
    const { user, history, requests, container } = renderWithApp(<HomePage />, {
      api: { "POST /api/lists": () => reply(201, A) },
      language: "de",
    });
    const begin = await screen.findByRole("button", { name: "Mit „Meine Videos“ beginnen" });
    expect(requests.every(({ method }) => method === "GET")).toBe(true);
    await expectAccessible(container);
    await user.click(begin);
    await waitFor(() => expect(history.at(-1)).toBe("/lists/a"));
    expect(requests.find(({ method }) => method === "POST")?.body).toEqual({ name: "Meine Videos" });
  });

  it.each([
    ["b", "/lists/b"],
    ["gone", "/lists/a"],
  ])("afterwards leads to the list that was open last: %s → %s", async (lastListId, expected) => {
    usePreferences.setState({ lastListId });
    const { history } = renderWithApp(<HomePage />, { api: lists(A, B) });
    await waitFor(() => expect(history.at(-1)).toBe(expected));
  });
});

describe("Header", () => {
  it("switches language and theme", async () => {
    const { user, container } = renderWithApp(<Header onMenu={() => {}} />);
    await user.selectOptions(screen.getByRole("combobox", { name: "Language" }), "Deutsch");
    await user.selectOptions(screen.getByRole("combobox", { name: "Darstellung" }), "Dunkel");
    expect(usePreferences.getState()).toMatchObject({ language: "de", theme: "dark" });
    await expectAccessible(container);
  });
});

describe("Dialog", () => {
  function Asking() {
    const [isOpen, setOpen] = useState(false);
    return (
      <>
        <button type="button" onClick={() => setOpen(true)}>
          Ask
        </button>
        <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title="Really?">
          <button type="button" data-autofocus>
            Yes
          </button>
        </Dialog>
      </>
    );
  }

  it("takes the focus and gives it back", async () => {
    const { user } = renderWithApp(<Asking />);
    await user.click(screen.getByRole("button", { name: "Ask" }));
    expect(screen.getByRole("button", { name: "Yes" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.getByRole("button", { name: "Ask" })).toHaveFocus();
  });

  it("closes when the browser asks for it, and with a click beside it", async () => {
    const { user } = renderWithApp(<Asking />);
    for (const close of [
      (dialog: Element) => dialog.dispatchEvent(new Event("cancel", { cancelable: true })),
      (dialog: Element) => user.click(dialog),
    ]) {
      await user.click(screen.getByRole("button", { name: "Ask" }));
      await act(async () => void (await close(screen.getByRole("dialog"))));
      expect(screen.queryByRole("dialog")).toBeNull();
    }
  });
});

describe("ErrorNotice", () => {
  it.each([
    [new Problem(404, { code: "list_not_found", detail: "This list is gone." }), "This list is gone."],
    [new Problem(502), "Something went wrong. Please try again."],
    [new Error("x is undefined"), "Something went wrong. Please try again."],
    [new Problem(0), "Vidferry cannot be reached right now. Please check that it is running."],
  ])("says %s in plain words", (error, expected) => {
    renderWithApp(<ErrorNotice error={error} />);
    expect(screen.getByRole("alert")).toHaveTextContent(expected);
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("says so where the device is offline", () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    renderWithApp(<ErrorNotice error={new Problem(0)} />);
    expect(screen.getByRole("alert")).toHaveTextContent("You are offline.");
    vi.restoreAllMocks();
  });
});
