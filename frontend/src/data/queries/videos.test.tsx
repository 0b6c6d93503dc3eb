import { act, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { keys } from "../../api/keys";
import { Problem } from "../../api/problem";
import { addPending } from "../../state/pendingVideos";
import { applyMessages, resetProgress, useProgressStore } from "../../state/progress";
import { type ApiRequest, refuse, reply } from "../../test/api";
import { aVideo, aVideoPage, LIST_ID, VIDEO_ID, videos } from "../../test/data";
import { renderHookWithApp } from "../../test/hooks";
import { anEvent } from "../../test/live";
import { loadNewVideos } from "../cache";
import {
  useAddMany,
  useAddVideo,
  useDeleteVideo,
  useImportFile,
  useReimportVideo,
  useRetryVideo,
  useVideos,
} from "../queries";

const GET_VIDEOS = "GET /api/lists/{id}/videos";
const URL_OF_NEW = "https://youtu.be/dBq4wT1rXgE";
const NEW = aVideo({ id: "new", youtube_id: "dBq4wT1rXgE", title: null, import_stage: "created", import_progress: 0 });

/** An answer that comes when the test says so. */
function later() {
  let answer: (response: Response) => void = () => {};
  const promise = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  return { promise, answer };
}

function ids(shown: { videos: { id: string }[] }): string[] {
  return shown.videos.map((video) => video.id);
}

describe("useVideos", () => {
  it("reads a list page by page, and shows a video once", async () => {
    const all = videos(3);
    const { current, requests } = renderHookWithApp(() => useVideos(LIST_ID), {
      api: {
        [GET_VIDEOS]: ({ query }: { query: URLSearchParams }) =>
          query.get("cursor") ? aVideoPage(all.slice(1)) : aVideoPage(all.slice(0, 2), "next"),
      },
    });
    await waitFor(() => expect(current().hasNextPage).toBe(true));
    await act(() => current().fetchNextPage());
    await waitFor(() => expect(ids(current())).toEqual(all.map((video) => video.id)));
    expect(requests.map(({ query }) => [query.get("limit"), query.get("cursor")])).toEqual([
      ["60", null],
      ["60", "next"],
    ]);
  });

  it("does not break off a reading for the next page", async () => {
    const { promise, answer } = later();
    let asked = 0;
    const { current, requests } = renderHookWithApp(() => useVideos(LIST_ID), {
      api: { [GET_VIDEOS]: () => (asked++ === 0 ? aVideoPage(videos(1), "next") : promise) },
    });
    await waitFor(() => expect(current().hasNextPage).toBe(true));
    await act(async () => void current().retry());
    await act(() => current().fetchNextPage());
    await act(async () => answer(reply(200, aVideoPage(videos(2), "next"))));
    await waitFor(() => expect(ids(current())).toHaveLength(2));
    expect(requests.map(({ query }) => query.get("cursor"))).toEqual([null, null]);
  });

  it("tries again what may pass, and tells of what does not", async () => {
    const { current, requests } = renderHookWithApp(() => [useVideos("a"), useVideos("b")] as const, {
      api: {
        "GET /api/lists/a/videos": () => refuse(503, { code: "database_away" }),
        "GET /api/lists/b/videos": () => refuse(404, { code: "list_not_found", detail: "This list is gone." }),
      },
    });
    await waitFor(() => expect(current().map(({ error }) => error)).not.toContain(null));
    expect(requests.filter(({ path }) => path.includes("/a/"))).toHaveLength(3);
    expect(requests.filter(({ path }) => path.includes("/b/"))).toHaveLength(1);
    expect(current()[1].error).toMatchObject({ detail: "This list is gone." });
  });
});

describe("another attempt to read a list", () => {
  /** A list of two pages; `refused` names what is refused: "top" or the cursor of a further page. */
  function twoPages() {
    const all = videos(2);
    const refused = new Set<string>();
    const rendered = renderHookWithApp(() => useVideos(LIST_ID), {
      api: {
        [GET_VIDEOS]: ({ query }: { query: URLSearchParams }) => {
          const cursor = query.get("cursor");
          if (refused.has(cursor ?? "top")) return refuse(404, { code: "list_not_found" });
          return cursor ? aVideoPage(all.slice(1)) : aVideoPage(all.slice(0, 1), "next");
        },
      },
    });
    const asked = () => rendered.requests.map(({ query }) => query.get("cursor") ?? "top");
    return { ...rendered, refused, asked };
  }

  it("reads it again where it could not be brought up to date", async () => {
    const { current, queryClient, refused, asked } = twoPages();
    await waitFor(() => expect(current().hasNextPage).toBe(true));
    await act(() => current().fetchNextPage());
    refused.add("top");
    await act(() => queryClient.invalidateQueries({ queryKey: keys.videos(LIST_ID) }));
    await waitFor(() => expect(current().error).not.toBeNull());
    refused.clear();
    const before = asked().length;
    await act(async () => void (await current().retry()));
    expect(asked().slice(before)).toEqual(["top", "next"]);
    await waitFor(() => expect(current().error).toBeNull());
  });

  it("reads the further page that could not be read, and no other", async () => {
    const { current, refused, asked } = twoPages();
    await waitFor(() => expect(current().hasNextPage).toBe(true));
    refused.add("next");
    await act(() => current().fetchNextPage());
    await waitFor(() => expect(current().error).not.toBeNull());
    refused.clear();
    const before = asked().length;
    await act(async () => void (await current().retry()));
    expect(asked().slice(before)).toEqual(["next"]);
    await waitFor(() => expect(ids(current())).toHaveLength(2));
  });
});

describe("a list that grew at its top", () => {
  it("is as long as before when it is read again", async () => {
    const all = videos(200);
    let onServer = all.slice(199);
    const { current, queryClient } = renderHookWithApp(() => useVideos(LIST_ID), {
      api: {
        [GET_VIDEOS]: ({ query }: { query: URLSearchParams }) => {
          const from = Number(query.get("cursor"));
          const end = from + Number(query.get("limit"));
          return aVideoPage(onServer.slice(from, end), end < onServer.length ? String(end) : null);
        },
      },
    });
    await waitFor(() => expect(ids(current())).toHaveLength(1));
    for (const from of [150, 1, 0]) {
      onServer = all.slice(from);
      await act(() => loadNewVideos(queryClient, LIST_ID));
    }
    await waitFor(() => expect(ids(current())).toEqual(all.map((video) => video.id)));
    await act(async () => void (await current().retry()));
    expect(ids(current())).toEqual(all.map((video) => video.id));
  });
});

describe("useAddVideo", () => {
  function added(answer: () => unknown) {
    return renderHookWithApp(() => ({ list: useVideos(LIST_ID), add: useAddVideo(LIST_ID) }), {
      api: { [GET_VIDEOS]: aVideoPage([aVideo()]), "POST /api/lists/{id}/videos": answer },
    });
  }

  it("shows a card in the same frame and replaces it by the answer's", async () => {
    const { promise, answer } = later();
    const { current } = added(() => promise);
    await waitFor(() => expect(ids(current().list)).toEqual([VIDEO_ID]));
    await act(async () => current().add.mutate(URL_OF_NEW));
    expect(ids(current().list)).toEqual(["new:dBq4wT1rXgE", VIDEO_ID]);
    await act(async () => answer(reply(201, NEW)));
    await waitFor(() => expect(ids(current().list)).toEqual(["new", VIDEO_ID]));
  });

  it("never shows neither or both of them", async () => {
    const { current, answers } = added(() => reply(201, NEW));
    await waitFor(() => expect(ids(current().list)).toEqual([VIDEO_ID]));
    const before = answers.length;
    await act(async () => void (await current().add.mutateAsync(URL_OF_NEW)));
    await waitFor(() => expect(ids(current().list)[0]).toBe("new"));
    const tops = answers.slice(before).map(({ list }) => ids(list));
    const first = tops.findIndex((shown) => shown[0] !== VIDEO_ID);
    expect(tops.slice(first).every((shown) => shown.length === 2)).toBe(true);
  });

  it("asks again for a list that was read before the video was on it", async () => {
    const { promise } = later();
    let asked = 0;
    const { current } = renderHookWithApp(() => ({ list: useVideos(LIST_ID), add: useAddVideo(LIST_ID) }), {
      api: {
        [GET_VIDEOS]: () => (asked++ === 0 ? promise : aVideoPage([NEW, aVideo()])),
        "POST /api/lists/{id}/videos": () => reply(201, NEW),
      },
    });
    await act(async () => void (await current().add.mutateAsync(URL_OF_NEW)));
    await waitFor(() => expect(ids(current().list)).toEqual(["new", VIDEO_ID]));
  });

  it("names the video that is there already", async () => {
    const { current } = added(() => refuse(409, { code: "video_already_in_list", video: aVideo() }));
    await waitFor(() => expect(current().list.isPending).toBe(false));
    await act(async () => {
      const result = await current().add.mutateAsync(`https://youtu.be/${aVideo().youtube_id}`);
      expect(result.duplicate?.id).toBe(VIDEO_ID);
    });
    expect(ids(current().list)).toEqual([VIDEO_ID]);
  });

  it("takes the card back where the API refuses", async () => {
    const { current } = added(() => refuse(404, { code: "list_not_found", detail: "Gone." }));
    await waitFor(() => expect(current().list.isPending).toBe(false));
    await act(async () => {
      await expect(current().add.mutateAsync(URL_OF_NEW)).rejects.toBeInstanceOf(Problem);
    });
    expect(ids(current().list)).toEqual([VIDEO_ID]);
  });
});

describe("useAddMany", () => {
  it("shows a card for each address that names a video", async () => {
    const { promise, answer } = later();
    const { current } = renderHookWithApp(() => ({ list: useVideos(LIST_ID), add: useAddMany(LIST_ID) }), {
      api: { [GET_VIDEOS]: aVideoPage([]), "POST /api/lists/{id}/videos/batch": () => promise },
    });
    await waitFor(() => expect(current().list.isPending).toBe(false));
    await act(async () => current().add.mutate([URL_OF_NEW, "https://example.com/", "Q7mZ2k-x9Lw"]));
    expect(ids(current().list)).toEqual(["new:dBq4wT1rXgE", "new:Q7mZ2k-x9Lw"]);
    const created = { batch_id: "b", created: 2, duplicate_count: 0, duplicates: [], invalid_count: 0, invalid: [] };
    await act(async () => answer(reply(201, { ...created, videos: [NEW, aVideo()] })));
    await waitFor(() => expect(ids(current().list)).toEqual(["new", VIDEO_ID]));
  });
});

describe("useImportFile", () => {
  it("sends the file itself", async () => {
    const { current, requests } = renderHookWithApp(() => useImportFile(LIST_ID), {
      api: { "POST /api/lists/{id}/imports": { created: 1 } },
    });
    const file = new File(["Video ID\nQ7mZ2k-x9Lw\n"], "lighthouses.csv", { type: "text/csv" });
    await act(async () => void (await current().mutateAsync(file)));
    const [request] = requests as [ApiRequest];
    const { file: sent } = request.body as { file: File };
    expect([sent.name, await sent.text()]).toEqual(["lighthouses.csv", "Video ID\nQ7mZ2k-x9Lw\n"]);
  });
});

describe("useDeleteVideo", () => {
  it("takes the card away at once, and brings it back where that is refused", async () => {
    const { promise, answer } = later();
    const { current } = renderHookWithApp(() => ({ list: useVideos(LIST_ID), remove: useDeleteVideo() }), {
      api: { [GET_VIDEOS]: aVideoPage([aVideo()]), "DELETE /api/videos/{id}": () => promise },
    });
    await waitFor(() => expect(ids(current().list)).toEqual([VIDEO_ID]));
    await act(async () => current().remove.mutate(VIDEO_ID));
    await waitFor(() => expect(ids(current().list)).toEqual([]));
    await act(async () => answer(refuse(500)));
    await waitFor(() => expect(ids(current().list)).toEqual([VIDEO_ID]));
  });

  /** Three cards; from `goAway` on nothing can be reached. */
  async function threeCards(answer: () => unknown) {
    const all = videos(3);
    let isAway = false;
    const rendered = renderHookWithApp(() => ({ list: useVideos(LIST_ID), remove: useDeleteVideo() }), {
      api: {
        [GET_VIDEOS]: () => (isAway ? refuse(404) : aVideoPage(all)),
        "DELETE /api/videos/{id}": answer,
      },
    });
    await waitFor(() => expect(ids(rendered.current().list)).toHaveLength(3));
    const goAway = () => {
      isAway = true;
    };
    const remove = (...videoIds: (string | undefined)[]) =>
      act(async () => {
        const { mutateAsync } = rendered.current().remove;
        await Promise.allSettled(videoIds.map((id = "") => mutateAsync(id)));
      });
    return { ...rendered, goAway, remove, all: ids({ videos: all }) };
  }

  it("brings the card back to its place though the list cannot be read, several as well as one", async () => {
    const { current, goAway, remove, all } = await threeCards(() => refuse(503));
    goAway();
    await remove(all[0], all[1]);
    await waitFor(() => expect(ids(current().list)).toEqual(all));
    await remove(all[2]);
    await waitFor(() => expect(ids(current().list)).toEqual(all));
  });

  it("does not bring back what is gone already", async () => {
    const { current, goAway, remove, all } = await threeCards(() => refuse(404, { code: "video_not_found" }));
    goAway();
    await remove(all[1]);
    await waitFor(() => expect(ids(current().list)).toEqual([all[0], all[2]]));
  });
});

describe("useRetryVideo", () => {
  it("shows the card as the answer says", async () => {
    const again = aVideo({ import_stage: "created", import_progress: 0 });
    const { current } = renderHookWithApp(() => ({ list: useVideos(LIST_ID), retry: useRetryVideo() }), {
      api: {
        [GET_VIDEOS]: aVideoPage([aVideo({ import_stage: "error" })]),
        "POST /api/videos/{id}/retry": () => reply(202, again),
      },
    });
    await waitFor(() => expect(ids(current().list)).toEqual([VIDEO_ID]));
    await act(async () => void (await current().retry.mutateAsync(VIDEO_ID)));
    await waitFor(() => expect(current().list.videos[0]?.import_stage).toBe("created"));
  });
});

describe("a video that is imported once more", () => {
  const again = aVideo({ import_stage: "created", import_progress: 0 });
  const useBoth = () => ({ retry: useRetryVideo(), reimport: useReimportVideo() });
  const told = () => useProgressStore.getState().progress.get(VIDEO_ID)?.stage;

  afterEach(resetProgress);

  it.each([
    ["retry", "error"],
    ["reimport", "complete"],
  ] as const)("is not shown as it ended before: %s", async (way, stage) => {
    const { current } = renderHookWithApp(useBoth, { api: { [`POST /api/videos/{id}/${way}`]: again } });
    act(() => void applyMessages([anEvent({ seq: 7, stage })]));
    await act(async () => void (await current()[way].mutateAsync(VIDEO_ID)));
    expect(told()).toBeUndefined();
  });

  it("keeps what was told of the new import before the answer came", async () => {
    const { current } = renderHookWithApp(useBoth, { api: { "POST /api/videos/{id}/retry": again } });
    act(() => void applyMessages([anEvent({ seq: 8, stage: "metadata" })]));
    await act(async () => void (await current().retry.mutateAsync(VIDEO_ID)));
    expect(told()).toBe("metadata");
  });
});

describe("pending cards", () => {
  it("are shown before the list is there, and not beside the video itself", async () => {
    addPending(LIST_ID, ["dBq4wT1rXgE", "Q7mZ2k-x9Lw"]);
    const { promise, answer } = later();
    const { current } = renderHookWithApp(() => useVideos(LIST_ID), { api: { [GET_VIDEOS]: () => promise } });
    expect(ids(current())).toEqual(["new:dBq4wT1rXgE", "new:Q7mZ2k-x9Lw"]);
    await act(async () => answer(reply(200, aVideoPage([aVideo()]))));
    await waitFor(() => expect(ids(current())).toEqual(["new:dBq4wT1rXgE", VIDEO_ID]));
  });
});
