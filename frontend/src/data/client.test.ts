import { describe, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { setLanguage } from "../state/preferences";
import { installApi, refuse } from "../test/api";
import { aList } from "../test/data";
import { answerOf, api } from "./client";

const LIST = { params: { path: { list_id: "a" } } };
const TIMED_OUT = new DOMException("It took too long.", "TimeoutError");
const getLists = () => answerOf(api.GET("/api/lists"));

async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

describe("an answer that does not come", () => {
  const upload = { ...LIST, body: { file: "a.csv" }, bodySerializer: () => new FormData() };
  const asked = { ...LIST, body: { urls: [], source: null, tab: null, filter: null } };

  it.each<[string, number, () => Promise<unknown>]>([
    ["20 s", 20_000, getLists],
    ["45 s where YouTube is asked", 45_000, () => answerOf(api.POST("/api/lists/{list_id}/imports/preview", asked))],
    ["2 min for a file", 120_000, () => answerOf(api.POST("/api/lists/{list_id}/imports", upload))],
  ])("is waited for %s", async (_name, expected, call) => {
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort(TIMED_OUT));
    vi.stubGlobal("fetch", async (_request: Request, { signal }: RequestInit) => {
      signal?.throwIfAborted();
      return new Response();
    });
    expect(await problemOf(call())).toMatchObject({ status: 0, code: "unreachable" });
    expect(timeout).toHaveBeenCalledExactlyOnceWith(expected);
    vi.unstubAllGlobals();
    timeout.mockRestore();
  });
});

describe("answerOf", () => {
  it("answers the content", async () => {
    installApi({ "GET /api/lists": { items: [aList()], next_cursor: null } });
    expect((await getLists()).items[0]?.name).toBe("Lighthouses");
  });

  it("asks in the language of the page", async () => {
    const { requests } = installApi();
    setLanguage("de");
    await getLists();
    expect(requests[0]?.headers.get("Accept-Language")).toBe("de");
  });

  it("answers nothing where there is no content", async () => {
    installApi({ "DELETE /api/videos/{id}": undefined });
    const params = { path: { video_id: "x" } };
    await expect(answerOf(api.DELETE("/api/videos/{video_id}", { params }))).resolves.toBeUndefined();
  });

  it("throws what the API says", async () => {
    const errors = [{ field: "name", message: "Please give it a name.", code: "missing" }];
    installApi({ "GET /api/lists": () => refuse(422, { code: "validation_failed", detail: "Not valid.", errors }) });
    const problem = await problemOf(getLists());
    expect(problem).toMatchObject({ status: 422, code: "validation_failed", detail: "Not valid.", errors });
    expect(problem.isPassing).toBe(false);
  });

  it("tells an answer that is not the API's", async () => {
    installApi({ "GET /api/lists": () => new Response("<h1>Bad gateway</h1>", { status: 502 }) });
    const problem = await problemOf(getLists());
    expect(problem).toMatchObject({ status: 502, code: "unreadable", detail: "" });
    expect(problem.isPassing).toBe(true);
  });

  it("tells that the API cannot be reached", async () => {
    installApi({
      "GET /api/lists": () => {
        throw new TypeError("Failed to fetch");
      },
    });
    expect(await problemOf(getLists())).toMatchObject({ status: 0, code: "unreachable", isPassing: true });
  });

  it("does not take a request that was called off for a failure", async () => {
    installApi({
      "GET /api/lists": () => {
        throw new DOMException("called off", "AbortError");
      },
    });
    await expect(getLists()).rejects.toMatchObject({ name: "AbortError" });
  });
});
