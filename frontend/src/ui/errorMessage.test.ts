import { afterEach, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { textIn } from "../i18n";
import { errorMessage } from "./errorMessage";

const words = (error: unknown) => errorMessage(error, (key, values) => textIn("en", key, values));

afterEach(() => void vi.restoreAllMocks());

it.each([
  [
    new Problem(422, { detail: "Not valid.", errors: [{ field: "url", code: "empty", message: "It is empty." }] }),
    "It is empty.",
  ],
  [new Problem(503, { detail: "The database is away." }), "The database is away."],
  [new Problem(502), textIn("en", "error.unexpected")],
  [new TypeError("x is undefined"), textIn("en", "error.unexpected")],
  [new Problem(0), textIn("en", "error.unreachable")],
])("%s", (error, expected) => {
  expect(words(error)).toBe(expected);
});

it("says that one is offline", () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  expect(words(new Problem(0))).toMatch(/^You are offline/);
});
