import { screen, waitFor, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Subscription } from "../api/types";
import { type ApiHandlers, type ApiRequest, refuse } from "../test/api";
import { aList, aSubscription, LIST_ID } from "../test/data";
import { renderWithApp } from "../test/render";
import { useToasts } from "../ui/toasts";
import { SubscriptionsPage } from "./SubscriptionsPage";

const SOURCE = "Playlist, channel or @handle";
const ONE = "/api/subscriptions/{id}";

function show(known: Partial<Subscription>[] = [{}], api: ApiHandlers = {}, lists = [aList()]) {
  const items = known.map((each) => aSubscription(each));
  const page = (
    <main tabIndex={-1}>
      <SubscriptionsPage />
    </main>
  );
  return renderWithApp(page, {
    path: "/subscriptions",
    api: {
      "GET /api/lists": { items: lists, next_cursor: null },
      "GET /api/subscriptions": { items, next_cursor: null },
      ...api,
    },
  });
}

const sent = (requests: ApiRequest[]) => requests.filter(({ method }) => method !== "GET");

it("tells what is followed, where it goes, what came and when it is looked at next, with one request", async () => {
  const { requests } = show([aSubscription({ next_check_at: "2020-05-04T10:00:00Z" })]);
  const row = await screen.findByRole("listitem");
  expect(within(row).getByRole("heading", { name: "The Lamp Room" })).toBeInTheDocument();
  expect(within(row).getByRole("link", { name: "Lighthouses" })).toHaveAttribute("href", `/lists/${LIST_ID}`);
  expect(within(row).getByText(/^Last checked .*: 2 new videos/)).toBeInTheDocument();
  expect(await within(row).findByText(/^Next check: 4 May/)).toBeInTheDocument();
  expect(requests.filter(({ path }) => path.startsWith("/api/subscriptions"))).toHaveLength(1);
});

it.each<[string, Partial<Subscription>, string | RegExp]>([
  ["never", { last_result: null }, "Not checked yet"],
  ["checking", { checking: true }, "Checking for new videos …"],
  [
    "nothing new",
    {
      last_result: {
        checked_at: "2020-05-04T10:00:00Z",
        new: 0,
        members_only: 0,
        error_code: null,
        error_message: null,
      },
    },
    /: nothing new$/,
  ],
  [
    "for members only",
    {
      last_result: {
        checked_at: "2020-05-04T10:00:00Z",
        new: 0,
        members_only: 3,
        error_code: null,
        error_message: null,
      },
    },
    /: nothing new, 3 for members only$/,
  ],
  [
    "failed",
    {
      last_result: {
        checked_at: "2020-05-04T10:00:00Z",
        new: 0,
        members_only: 0,
        error_code: "list_unavailable",
        error_message: "This list is gone.",
      },
    },
    /^Last attempt .*: This list is gone\.$/,
  ],
])("tells of the last look: %s", async (_name, known, expected) => {
  show([{ paused: true, ...known }]);
  expect(await screen.findByText(expected)).toBeInTheDocument();
  expect(screen.getByText("Paused")).toBeInTheDocument();
});

it("names what has no title yet by its address", async () => {
  show([{ title: null }]);
  expect(await screen.findByRole("heading", { name: "@lamp-room" })).toBeInTheDocument();
});

it("changes how often it looks, looks now, pauses and goes on", async () => {
  const { requests, user } = show([{ interval_seconds: 900 }], {
    [`PATCH ${ONE}`]: aSubscription({ interval_seconds: 3600 }),
    [`POST ${ONE}/run`]: aSubscription({ interval_seconds: 3600 }),
    [`POST ${ONE}/pause`]: aSubscription({ paused: true }),
    [`POST ${ONE}/resume`]: aSubscription(),
  });
  const often = await screen.findByRole("combobox", { name: "How often to check The Lamp Room" });
  expect(often).toHaveDisplayValue("Every 15 minutes");
  await user.selectOptions(often, "Every hour");
  await waitFor(() => expect(often).toHaveDisplayValue("Every hour"));
  await user.click(screen.getByRole("button", { name: "Check now: The Lamp Room" }));
  await user.click(screen.getByRole("button", { name: "Pause: The Lamp Room" }));
  await user.click(await screen.findByRole("button", { name: "Resume: The Lamp Room" }));
  expect(await screen.findByRole("button", { name: "Pause: The Lamp Room" })).toBeInTheDocument();
  expect(sent(requests).map(({ method, path }) => `${method} ${path.split("/").at(-1)}`)).toEqual([
    `PATCH ${aSubscription().id}`,
    "POST run",
    "POST pause",
    "POST resume",
  ]);
});

it("keeps the focus on what was pressed, and takes nothing twice, until the answer is there", async () => {
  const never = () => new Promise(() => {});
  const { requests, user } = show([{}], {
    [`PATCH ${ONE}`]: never,
    [`POST ${ONE}/run`]: aSubscription({ checking: true }),
  });
  const often = await screen.findByRole("combobox", { name: "How often to check The Lamp Room" });
  often.focus();
  for (const choice of ["Every day", "Every week"]) await user.selectOptions(often, choice);
  await waitFor(() => expect(often).toHaveAttribute("aria-disabled", "true"));
  expect(often).toHaveDisplayValue("Every day");
  expect(often).toHaveFocus();
  const run = screen.getByRole("button", { name: "Check now: The Lamp Room" });
  await user.click(run);
  expect(await screen.findByText("Checking for new videos …")).toBeInTheDocument();
  await user.click(run);
  expect(run).toHaveFocus();
  expect(sent(requests).map(({ method }) => method)).toEqual(["PATCH", "POST"]);
});

it("follows no longer what somebody confirms", async () => {
  let items = [aSubscription()];
  const { requests, user } = show([], {
    "GET /api/subscriptions": () => ({ items, next_cursor: null }),
    [`DELETE ${ONE}`]: () => {
      items = [];
    },
  });
  await user.click(await screen.findByRole("button", { name: "Unfollow: The Lamp Room" }));
  const dialog = screen.getByRole("dialog", { name: "Unfollow?" });
  await user.click(within(dialog).getByRole("button", { name: "Unfollow" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  expect(sent(requests).map(({ method }) => method)).toEqual(["DELETE"]);
  expect(useToasts.getState().toasts.at(-1)?.text).toBe("Unfollowed");
  expect(await screen.findByText("You are not following anything yet")).toBeInTheDocument();
  expect(screen.getByRole("main")).toHaveFocus();
});

it("follows what is entered", async () => {
  const { requests, user } = show([], { "POST /api/subscriptions": aSubscription() });
  expect(await screen.findByText("You are not following anything yet")).toBeInTheDocument();
  await user.type(screen.getByRole("textbox", { name: SOURCE }), " @lamp-room ");
  await user.selectOptions(screen.getByLabelText("Part of the channel"), "Shorts");
  await user.selectOptions(screen.getByLabelText("Check for new videos"), "Every day");
  await user.click(screen.getByRole("checkbox"));
  await user.click(screen.getByRole("button", { name: "Follow" }));
  await waitFor(() => expect(screen.getByRole("textbox", { name: SOURCE })).toHaveValue(""));
  expect(sent(requests)[0]?.body).toEqual({
    list_id: LIST_ID,
    source: "@lamp-room",
    tab: "shorts",
    filter: { published_after: null, title_contains: "", min_seconds: null, max_seconds: null },
    interval_seconds: 86_400,
    import_existing: true,
  });
});

it.each([
  [refuse(409, { code: "already_subscribed" }), "This list already follows it."],
  [refuse(422, { detail: "This is a mix." }), "This is a mix."],
])("says why something cannot be followed", async (refusal, expected) => {
  const { user } = show([], { "POST /api/subscriptions": () => refusal.clone() });
  await user.type(await screen.findByRole("textbox", { name: SOURCE }), "@lamp-room{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent(expected);
});

it("says at its field what is wrong with the filter", async () => {
  const errors = [{ field: "filter.max_seconds", code: "max_below_min", message: "Below the minimum." }];
  const { user } = show([], { "POST /api/subscriptions": () => refuse(422, { errors }) });
  await user.type(await screen.findByRole("textbox", { name: SOURCE }), "@lamp-room{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Max. length (minutes)")).toBeInvalid());
  expect(screen.getByLabelText("Max. length (minutes)")).toBeVisible();
  expect(screen.getByLabelText("Max. length (minutes)")).toHaveAccessibleDescription("Below the minimum.");
  expect(screen.getByLabelText("Min. length (minutes)")).toBeValid();
  expect(screen.getAllByRole("alert")).toHaveLength(1);
});

it("needs a list first", async () => {
  show([], {}, []);
  expect(
    await screen.findByText("To follow a playlist or channel, you need a list for its videos."),
  ).toBeInTheDocument();
});
