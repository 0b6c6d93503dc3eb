import { expect, it } from "vitest";
import { importRecordUrl } from "./importRecord";

const UI = "http://127.0.0.1:8233";
const YOUTUBE_ID = "Q7mZ2k-x9Lw";

it.each(["localhost", "127.0.0.1", "127.3.2.1", "[::1]", "::1"])("leads there from %s", (hostname) => {
  expect(importRecordUrl({ temporal_ui_url: `${UI}/`, temporal_namespace: "ferries" }, YOUTUBE_ID, hostname)).toBe(
    "http://127.0.0.1:8233/namespaces/ferries/workflows/import-video%3AQ7mZ2k-x9Lw",
  );
});

it.each([undefined, null, ""])("has the usual namespace where %j is named", (namespace) => {
  expect(importRecordUrl({ temporal_ui_url: UI, temporal_namespace: namespace }, YOUTUBE_ID, "localhost")).toBe(
    "http://127.0.0.1:8233/namespaces/default/workflows/import-video%3AQ7mZ2k-x9Lw",
  );
});

it.each(["192.168.1.20", "vidferry.example", "localhost.example", "1127.0.0.1"])("not from %s", (hostname) => {
  expect(importRecordUrl({ temporal_ui_url: UI }, YOUTUBE_ID, hostname)).toBeNull();
});

it.each([undefined, null, ""])("needs an address, which %j is not", (address) => {
  expect(importRecordUrl({ temporal_ui_url: address }, YOUTUBE_ID, "localhost")).toBeNull();
});
