import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { setLanguage } from "../state/preferences";
import { formatsOf } from "./format";
import { textIn, useText } from "./index";
import { fill } from "./text";

const count = (n: number) => `#${n}`;

describe("fill", () => {
  it("puts values in", () => {
    expect(fill("{name}: {n}", count, { name: "A", n: 5 })).toBe("A: #5");
  });

  it("chooses the form", () => {
    const template = "{n} {n|video|videos}";
    expect([0, 1, 2].map((n) => fill(template, count, { n }))).toEqual(["#0 videos", "#1 video", "#2 videos"]);
  });

  it("leaves what it has no value for", () => {
    expect(fill("{name}", count)).toBe("{name}");
  });

  it("does not fill in what a value says", () => {
    expect(fill("{name}", count, { name: "{n}", n: 1 })).toBe("{n}");
  });
});

describe("texts", () => {
  it("speak the chosen language at once", () => {
    const { result } = renderHook(() => useText());
    expect(result.current("sidebar.count", { n: 1234 })).toBe("1,234 videos");
    act(() => setLanguage("de"));
    expect(result.current("sidebar.count", { n: 1234 })).toBe("1.234 Videos");
    expect(textIn("de", "sidebar.count", { n: 1 })).toBe("1 Video");
  });
});

describe("formats", () => {
  const en = formatsOf("en");
  const de = formatsOf("de");

  it.each([
    [0, "0:00"],
    [59.9, "0:59"],
    [754, "12:34"],
    [3729, "1:02:09"],
  ])("duration of %s s: %s", (seconds, expected) => {
    expect(en.duration(seconds)).toBe(expected);
  });

  it.each([
    [0.2, "1 second", "1 Sekunde"],
    [40, "40 seconds", "40 Sekunden"],
    [58, "1 minute", "1 Minute"],
    [160, "3 minutes", "3 Minuten"],
    [4057, "1 hour", "1 Stunde"],
    [200_000, "2 days", "2 Tage"],
  ])("span of %s s: %s, %s", (seconds, english, german) => {
    expect(en.span(seconds)).toBe(english);
    expect(de.span(seconds)).toBe(german);
  });

  it("names the day only where it is not today", () => {
    const today = new Date();
    today.setHours(14, 10);
    expect(de.time(today.toISOString())).toBe("14:10 Uhr");
    expect(de.at(today.toISOString())).toBe("um 14:10 Uhr");
    expect(de.until(today.toISOString())).toBe("bis 14:10 Uhr");
    expect(en.at(today.toISOString())).toBe("at 14:10");
    const other = new Date(today.getFullYear(), today.getMonth() === 4 ? 5 : 4, 25, 0, 20).toISOString();
    expect(de.at(other)).toMatch(/^am 25\. (Mai|Juni) um 00:20 Uhr$/);
    expect(de.until(other)).toMatch(/^bis zum 25\. (Mai|Juni) um 00:20 Uhr$/);
    expect(en.until(other)).toMatch(/^until 25 (May|June) at 00:20$/);
    expect(en.at(other)).toMatch(/^on 25 (May|June) at 00:20$/);
    expect(de.time(other)).toMatch(/^25\. (Mai|Juni) um 00:20 Uhr$/);
    expect(en.at("2020-03-09T12:00:00Z")).toMatch(/^on 9 March 2020 at \d\d:00$/);
  });

  it("writes dates and counts", () => {
    expect(en.date("2025-03-09T12:00:00Z")).toBe("9 March 2025");
    expect(de.date("2025-03-09T12:00:00Z")).toBe("9. März 2025");
    expect(de.count(1234567)).toBe("1.234.567");
  });
});
