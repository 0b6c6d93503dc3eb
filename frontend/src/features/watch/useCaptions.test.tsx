import { act, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { keys } from "../../api/keys";
import { refuse } from "../../test/api";
import { VIDEO_ID } from "../../test/data";
import { renderHookWithApp } from "../../test/hooks";
import { useCaptions } from "./useCaptions";

/** Captions of two pages; `refused` names what is refused: "top" or the cursor of the further page. */
function twoPages(...refused: string[]) {
  const refusals = new Set(refused);
  const rendered = renderHookWithApp(() => useCaptions(VIDEO_ID), {
    api: {
      "GET /api/videos/{id}/transcript": ({ query }: { query: URLSearchParams }) => {
        const cursor = query.get("cursor");
        if (refusals.has(cursor ?? "top")) return refuse(404);
        return { segments: [{ text: cursor ?? "first" }], next_cursor: cursor ? null : "second" };
      },
    },
  });
  const asked = () => rendered.requests.map(({ query }) => query.get("cursor") ?? "top");
  return { ...rendered, refusals, asked };
}

it("reads captions again that could not be brought up to date", async () => {
  const { current, queryClient, refusals, asked } = twoPages();
  await waitFor(() => expect(current().isWhole).toBe(true));
  refusals.add("top");
  await act(() => queryClient.invalidateQueries({ queryKey: keys.transcript(VIDEO_ID) }));
  await waitFor(() => expect(current().error).not.toBeNull());
  refusals.clear();
  const before = asked().length;
  await act(async () => current().retry());
  await waitFor(() => expect(asked().slice(before)).toEqual(["top", "second"]));
  await waitFor(() => expect(current().error).toBeNull());
});

it("reads the further lines that could not be read, and not all of them", async () => {
  const { current, refusals, asked } = twoPages("second");
  await waitFor(() => expect(current().error).not.toBeNull());
  refusals.clear();
  const before = asked().length;
  await act(async () => current().retry());
  await waitFor(() => expect(current().isWhole).toBe(true));
  expect(asked().slice(before)).toEqual(["second"]);
});
