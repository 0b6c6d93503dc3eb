import { screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Route } from "wouter";
import { usePreferences } from "../state/preferences";
import { resetProgress } from "../state/progress";
import { type ApiHandlers, refuse } from "../test/api";
import { aList, aVideoPage, LIST_ID, videos } from "../test/data";
import { renderWithApp } from "../test/render";
import { ListPage } from "./ListPage";

afterEach(() => resetProgress());

function show(api: ApiHandlers = {}, language: "en" | "de" = "en") {
  const handlers = {
    "GET /api/lists/{id}": aList(),
    "GET /api/lists/{id}/videos": aVideoPage(videos(2)),
    ...api,
  };
  const ui = <Route path="/lists/:listId" component={ListPage} />;
  return renderWithApp(ui, { api: handlers, path: `/lists/${LIST_ID}`, language });
}

describe("the page of a list", () => {
  it("has its name, its count, and its videos", async () => {
    show();
    expect(await screen.findByRole("heading", { level: 1, name: "Lighthouses" })).toBeInTheDocument();
    expect(screen.getByText("12 videos")).toBeInTheDocument();
    expect(document.title).toBe("Lighthouses · Vidferry");
    expect(await screen.findByRole("link", { name: "Video 0" })).toBeInTheDocument();
  });

  it("is remembered as the list that was open last", async () => {
    show();
    await waitFor(() => expect(usePreferences.getState().lastListId).toBe(LIST_ID));
  });

  it("can be downloaded as a table and as data", async () => {
    const { user } = show();
    await user.click(await screen.findByRole("button", { name: "Download" }));
    const links = screen.getAllByRole("menuitem");
    expect(links.map((link) => [link.textContent, link.getAttribute("href")])).toEqual([
      ["Table (CSV)", `/api/lists/${LIST_ID}/export?format=csv`],
      ["For re-import (JSON)", `/api/lists/${LIST_ID}/export?format=json`],
    ]);
  });

  it("offers no download of nothing", async () => {
    show({ "GET /api/lists/{id}": aList({ video_count: 0 }), "GET /api/lists/{id}/videos": aVideoPage([]) }, "de");
    expect(await screen.findByText("0 Videos")).toBeInTheDocument();
    expect(await screen.findByText("Noch keine Videos")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Herunterladen" })).toBeNull();
  });

  it.each([
    [404, "list_not_found"],
    [422, "validation_failed"],
  ] as const)("says so where there is no such list any more, or never was (%i)", async (status, code) => {
    const gone = () => refuse(status, { code, detail: "There is no such list." });
    show({ "GET /api/lists/{id}": gone, "GET /api/lists/{id}/videos": gone });
    expect(await screen.findByText("This list no longer exists")).toBeInTheDocument();
    expect(document.title).toBe("This list no longer exists · Vidferry");
    expect(screen.getByRole("link", { name: "Go to your lists" })).toHaveAttribute("href", "/");
  });
});
