import { describe, expect, it } from "vitest";
import { setLanguage } from "../stores/preferences";
import { installApi, refuse } from "../test/api";
import { aList } from "../test/data";
import { answerOf, api, Problem } from "./client";

const getLists = () => answerOf(api.GET("/api/lists"));

async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

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
