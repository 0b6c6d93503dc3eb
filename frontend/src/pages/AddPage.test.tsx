import { screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { rememberList } from "../state/preferences";
import { type ApiHandlers, type ApiRequest, refuse } from "../test/api";
import { aList, aVideo, LIST_ID } from "../test/data";
import { renderWithApp } from "../test/render";
import { AddPage } from "./AddPage";

const VIDEO = "https://youtu.be/Q7mZ2k-x9Lw";
const OTHER_ID = "5f0b6c1e-8a52-4f0e-9d53-0b7d6f3a2c12";
const ADD = "POST /api/lists/{id}/videos";
afterEach(() => void vi.restoreAllMocks());

const TWO = [aList(), aList({ id: OTHER_ID, name: "Clocks" })];

/** As the bookmark, the installed app or any other page opens it. */
function show(query: Record<string, string>, lists = [aList()], api: ApiHandlers = {}) {
  return renderWithApp(<AddPage />, {
    path: `/add?${new URLSearchParams(query)}`,
    api: { "GET /api/lists": { items: lists, next_cursor: null }, [ADD]: aVideo(), ...api },
  });
}

/** Opens it and agrees. */
async function add(query: Record<string, string>, lists = [aList()], api: ApiHandlers = {}) {
  const app = show(query, lists, api);
  await app.user.click(await screen.findByRole("button", { name: /^Add( to “.*”)?$/ }));
  return app;
}

it("adds where there is one list, and says where it went", async () => {
  const { requests } = await add({ title: "A lens", text: `Watch ${VIDEO}` });
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Open “Lighthouses”" })).toHaveAttribute("href", `/lists/${LIST_ID}`);
  const added = requests.filter(({ method }) => method === "POST");
  expect(added.map(({ body }) => body)).toEqual([{ url: VIDEO }]);
});

it("adds once, though effects run twice in development", async () => {
  const requests: unknown[] = [];
  const lists = { items: [aList()], next_cursor: null };
  const ui = (
    <StrictMode>
      <AddPage />
    </StrictMode>
  );
  const { user } = renderWithApp(ui, {
    path: `/add?${new URLSearchParams({ url: VIDEO })}`,
    api: { "GET /api/lists": lists, [ADD]: ({ body }: ApiRequest) => requests.push(body) && aVideo() },
  });
  await user.click(await screen.findByRole("button", { name: "Add to “Lighthouses”" }));
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
  expect(requests).toHaveLength(1);
});

it("proposes the list that was used last", async () => {
  rememberList(OTHER_ID);
  const { requests, user } = show({ url: VIDEO }, TWO);
  expect(await screen.findByLabelText("Add to which list?")).toHaveValue(OTHER_ID);
  expect(requests.some(({ method }) => method === "POST")).toBe(false);
  await user.selectOptions(screen.getByRole("combobox"), "Lighthouses");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
});

it("adds to the list that is named", async () => {
  await add({ url: VIDEO, list: OTHER_ID }, TWO);
  expect(await screen.findByText("Added to “Clocks”")).toBeInTheDocument();
});

it("asks where the named list is not there", async () => {
  show({ url: VIDEO, list: "PL0123456789abcdef" }, TWO);
  expect(await screen.findByLabelText("Add to which list?")).toBeInTheDocument();
});

it("says so where the video is there already", async () => {
  await add({ url: VIDEO }, undefined, {
    [ADD]: () => refuse(409, { code: "video_already_in_list", video: aVideo() }),
  });
  expect(await screen.findByText("Already in “Lighthouses”")).toBeInTheDocument();
});

it("tries again where the API could not be reached", async () => {
  let isAway = true;
  const { user } = await add({ url: VIDEO }, undefined, { [ADD]: () => (isAway ? refuse(503) : aVideo()) });
  const again = await screen.findByRole("button", { name: "Try again" });
  isAway = false;
  await user.click(again);
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
});

it("says in the API's words what is wrong with an address", async () => {
  const refusal = () => refuse(422, { detail: "This is not the address of a YouTube video." });
  await add({ url: "https://example.com/" }, undefined, { [ADD]: refusal });
  expect(await screen.findByRole("alert")).toHaveTextContent("This is not the address of a YouTube video.");
  expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
});

it("looks at a channel before it brings all of it", async () => {
  const unavailable = () => refuse(503, { code: "preview_unavailable", detail: "There is no preview." });
  const created = { batch_id: null, kind: "channel", source: "x", created: 0, duplicate_count: 0, invalid_count: 0 };
  const { user } = await add({ url: "https://www.youtube.com/@lamp-room" }, undefined, {
    "POST /api/lists/{id}/imports/preview": unavailable,
    "POST /api/lists/{id}/imports": created,
  });
  await user.click(await screen.findByRole("button", { name: "Cancel" }));
  await user.click(screen.getByRole("button", { name: "Preview" }));
  await user.click(await screen.findByRole("button", { name: "Import anyway" }));
  expect(await screen.findByText("The import into “Lighthouses” has started.")).toBeInTheDocument();
});

it("makes the first list", async () => {
  const lists: unknown[] = [];
  const { user } = show({ url: VIDEO }, undefined, {
    "GET /api/lists": () => ({ items: lists, next_cursor: null }),
    "POST /api/lists": () => {
      lists.push(aList({ name: "My videos", video_count: 0 }));
      return lists[0];
    },
  });
  await user.click(await screen.findByRole("button", { name: "Create and add" }));
  expect(await screen.findByText("Added to “My videos”")).toBeInTheDocument();
});

it("says so where nothing was shared", async () => {
  const { requests } = show({ title: "Good morning" });
  expect(screen.getByRole("heading", { name: "Nothing to add" })).toBeInTheDocument();
  await waitFor(() => expect(requests.some(({ path }) => path === "/api/lists")).toBe(true));
  expect(requests.some(({ method }) => method === "POST")).toBe(false);
});

const sent = (requests: ApiRequest[]) => requests.filter(({ method }) => method === "POST").map(({ body }) => body);

it.each([
  ["a link", {}, false],
  ["a link with a token, as bookmarks once had it", { token: "0123456789abcdef0123456789abcdef" }, false],
  ["another app, to the installed one", {}, true],
])("asks before it adds what %s brings", async (_name, more, isInstalled) => {
  localStorage.setItem("vidferry.bookmark", "0123456789abcdef0123456789abcdef");
  vi.spyOn(window, "matchMedia").mockImplementation(
    (media) => ({ matches: isInstalled && media === "(display-mode: standalone)" }) as MediaQueryList,
  );
  const { requests, user } = show({ url: VIDEO, ...more });
  const agree = await screen.findByRole("button", { name: "Add to “Lighthouses”" });
  expect(sent(requests)).toEqual([]);
  await user.click(agree);
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
  expect(sent(requests)).toEqual([{ url: VIDEO }]);
});

it("proposes the list that a link names", async () => {
  const { requests } = show({ url: VIDEO, list: OTHER_ID }, TWO);
  expect(await screen.findByLabelText("Add to which list?")).toHaveValue(OTHER_ID);
  expect(sent(requests)).toEqual([]);
});

it("leaves an address behind that adds nothing", async () => {
  const { history, unmount } = await add({ url: VIDEO });
  await screen.findByText("Added to “Lighthouses”");
  const end = `/add?done=added&list=${LIST_ID}`;
  expect(history).toEqual([end]);
  unmount();
  const { requests } = show(Object.fromEntries(new URLSearchParams(end.split("?")[1])));
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
  expect(sent(requests)).toEqual([]);
});

it("offers to import what only the API knows for a playlist", async () => {
  const errors = [{ field: "url", code: "playlist", message: "This address leads to a playlist." }];
  const created = { batch_id: null, kind: "playlist", source: "x", created: 0, duplicate_count: 0, invalid_count: 0 };
  const { user, history } = await add({ url: "https://youtube.com/odd" }, undefined, {
    [ADD]: () => refuse(422, { errors }),
    "POST /api/lists/{id}/imports/preview": () => refuse(503, { code: "preview_unavailable", detail: "No preview." }),
    "POST /api/lists/{id}/imports": created,
  });
  await user.click(await screen.findByRole("button", { name: "Import anyway" }));
  expect(await screen.findByText("The import into “Lighthouses” has started.")).toBeInTheDocument();
  expect(history).toEqual([`/add?done=begun&list=${LIST_ID}`]);
});
