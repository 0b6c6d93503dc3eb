import { expect, it } from "vitest";
import { importRecordUrl } from "./importRecord";

const UI = "http://127.0.0.1:8233";

it.each(["localhost", "127.0.0.1", "127.3.2.1", "[::1]", "::1"])("leads there from %s", (hostname) => {
  expect(importRecordUrl(`${UI}/`, "Q7mZ2k-x9Lw", hostname)).toBe(
    "http://127.0.0.1:8233/namespaces/default/workflows/import-video%3AQ7mZ2k-x9Lw",
  );
});

it.each(["192.168.1.20", "vidferry.example", "localhost.example", "1127.0.0.1"])("not from %s", (hostname) => {
  expect(importRecordUrl(UI, "Q7mZ2k-x9Lw", hostname)).toBeNull();
});

it("needs an address", () => {
  expect(importRecordUrl("", "Q7mZ2k-x9Lw", "localhost")).toBeNull();
});
