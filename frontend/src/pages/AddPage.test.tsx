import { screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { bookmarkToken } from "../features/add/bookmark";
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

/** As the bookmark opens it. */
function show(query: Record<string, string>, lists = [aList()], api: ApiHandlers = {}) {
  return showLink({ ...query, token: bookmarkToken() ?? "" }, lists, api);
}

/** As any page may open it. */
function showLink(query: Record<string, string>, lists = [aList()], api: ApiHandlers = {}) {
  return renderWithApp(<AddPage />, {
    path: `/add?${new URLSearchParams(query)}`,
    api: { "GET /api/lists": { items: lists, next_cursor: null }, [ADD]: aVideo(), ...api },
  });
}

it("adds at once where there is one list, and says where it went", async () => {
  const { requests } = show({ title: "A lens", text: `Watch ${VIDEO}` });
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
  renderWithApp(ui, {
    path: `/add?${new URLSearchParams({ url: VIDEO, token: bookmarkToken() ?? "" })}`,
    api: { "GET /api/lists": lists, [ADD]: ({ body }: ApiRequest) => requests.push(body) && aVideo() },
  });
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

it("asks nothing where the list is named", async () => {
  show({ url: VIDEO, list: OTHER_ID }, TWO);
  expect(await screen.findByText("Added to “Clocks”")).toBeInTheDocument();
});

it("asks where the named list is not there", async () => {
  show({ url: VIDEO, list: "PL0123456789abcdef" }, TWO);
  expect(await screen.findByLabelText("Add to which list?")).toBeInTheDocument();
});

it("says so where the video is there already", async () => {
  show({ url: VIDEO }, undefined, { [ADD]: () => refuse(409, { code: "video_already_in_list", video: aVideo() }) });
  expect(await screen.findByText("Already in “Lighthouses”")).toBeInTheDocument();
});

it("tries again where the API could not be reached", async () => {
  let isAway = true;
  const { user } = show({ url: VIDEO }, undefined, { [ADD]: () => (isAway ? refuse(503) : aVideo()) });
  const again = await screen.findByRole("button", { name: "Try again" });
  isAway = false;
  await user.click(again);
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
});

it("says in the API's words what is wrong with an address", async () => {
  const refusal = () => refuse(422, { detail: "This is not the address of a YouTube video." });
  show({ url: "https://example.com/" }, undefined, { [ADD]: refusal });
  expect(await screen.findByRole("alert")).toHaveTextContent("This is not the address of a YouTube video.");
  expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
});

it("looks at a channel before it brings all of it", async () => {
  const unavailable = () => refuse(503, { code: "preview_unavailable", detail: "There is no preview." });
  const created = { batch_id: null, kind: "channel", source: "x", created: 0, duplicate_count: 0, invalid_count: 0 };
  const { user } = show({ url: "https://www.youtube.com/@lamp-room" }, undefined, {
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
  ["no token", {}],
  ["somebody else's token", { token: "0123456789abcdef0123456789abcdef" }],
])("asks before it adds what a mere link brings: %s", async (_name, more) => {
  bookmarkToken();
  const { requests, user } = showLink({ url: VIDEO, ...more });
  const agree = await screen.findByRole("button", { name: "Add to “Lighthouses”" });
  expect(sent(requests)).toEqual([]);
  await user.click(agree);
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
  expect(sent(requests)).toEqual([{ url: VIDEO }]);
});

it("proposes the list that a mere link names", async () => {
  const { requests } = showLink({ url: VIDEO, list: OTHER_ID }, TWO);
  expect(await screen.findByLabelText("Add to which list?")).toHaveValue(OTHER_ID);
  expect(sent(requests)).toEqual([]);
});

it("asks nothing where it was shared into the installed app", async () => {
  vi.spyOn(window, "matchMedia").mockImplementation(
    (media) => ({ matches: media === "(display-mode: standalone)" }) as MediaQueryList,
  );
  showLink({ text: VIDEO });
  expect(await screen.findByText("Added to “Lighthouses”")).toBeInTheDocument();
});

it("leaves an address behind that adds nothing", async () => {
  const { history, unmount } = show({ url: VIDEO });
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
  const { user, history } = show({ url: "https://youtube.com/odd" }, undefined, {
    [ADD]: () => refuse(422, { errors }),
    "POST /api/lists/{id}/imports/preview": () => refuse(503, { code: "preview_unavailable", detail: "No preview." }),
    "POST /api/lists/{id}/imports": created,
  });
  await user.click(await screen.findByRole("button", { name: "Import anyway" }));
  expect(await screen.findByText("The import into “Lighthouses” has started.")).toBeInTheDocument();
  expect(history).toEqual([`/add?done=begun&list=${LIST_ID}`]);
});
