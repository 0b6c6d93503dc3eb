import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Extractor, Language } from "../api/types";
import { renderWithApp } from "../test/render";
import { VersionsNote } from "./VersionsNote";

function show(known: Partial<Extractor> | null, language: Language = "en") {
  const extractor = known && { version: "2026.11.23", origin: "stable", since: "2026-11-25T12:00:00Z", ...known };
  renderWithApp(<VersionsNote />, { language, api: { "GET /api/versions": { vidferry: "0.1.0", extractor } } });
}

it.each<[Partial<Extractor>, Language, string]>([
  [{ origin: "bundled" }, "en", "yt-dlp 2026.11.23, bundled, in use since 25 November 2026"],
  [{ origin: "stable" }, "en", "yt-dlp 2026.11.23, updated (stable), in use since 25 November 2026"],
  [{ origin: "nightly" }, "en", "yt-dlp 2026.11.23, updated (nightly), in use since 25 November 2026"],
  [{ origin: null }, "en", "yt-dlp 2026.11.23, in use since 25 November 2026"],
  [{ origin: "bundled" }, "de", "yt-dlp 2026.11.23, mitgeliefert, im Einsatz seit 25. November 2026"],
])("says which yt-dlp is in use: %o, %s", async (extractor, language, expected) => {
  show(extractor, language);
  expect(await screen.findByText(expected)).toBeInTheDocument();
});

it("knows only Vidferry before the first worker", async () => {
  show(null);
  expect(await screen.findByText("Vidferry 0.1.0")).toBeInTheDocument();
  expect(screen.queryByText(/yt-dlp/)).toBeNull();
});
