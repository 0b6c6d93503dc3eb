import { describe, expect, it } from "vitest";
import { aTransfer } from "../../test/transfer";
import { bringsOverField, bringsSomething, droppedIn } from "./dropped";

const ONE = "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw";
const OTHER = "https://www.youtube.com/watch?v=dBq4wT1rXgE";
const CSV = new File(["url\n"], "videos.csv", { type: "text/csv" });
const JPG = new File(["…"], "mqdefault.jpg", { type: "image/jpeg" });

describe("droppedIn", () => {
  it("finds a dragged link, not the picture in it", () => {
    const data = aTransfer({ "text/uri-list": `# a video\r\n${ONE}`, "text/html": `<a href="${ONE}">x</a>` }, [JPG]);
    expect(droppedIn(data)).toEqual({ addresses: [ONE], files: [] });
  });

  it("finds several links", () => {
    expect(droppedIn(aTransfer({ "text/uri-list": `${ONE}\r\n${OTHER}` })).addresses).toEqual([ONE, OTHER]);
  });

  it("finds the videos in a selected part of a page, not the channels beside them", () => {
    const html = `<a href="${ONE}">a</a> <a href="https://www.youtube.com/@lamp-room">b</a> <a href="${OTHER}">c</a>`;
    const data = aTransfer({ "text/html": html, "text/plain": "a b c" });
    expect(droppedIn(data).addresses).toEqual([ONE, OTHER]);
  });

  it("finds a channel where there is no video", () => {
    const html = `<a href="https://www.youtube.com/@lamp-room">b</a><a href="/about">c</a>`;
    expect(droppedIn(aTransfer({ "text/html": html })).addresses).toEqual(["https://www.youtube.com/@lamp-room"]);
  });

  it("finds addresses in plain text", () => {
    const data = aTransfer({ "text/plain": `see ${ONE}\nand ${OTHER}`, "text/html": "<p>see</p>" });
    expect(droppedIn(data).addresses).toEqual([ONE, OTHER]);
  });

  it("keeps a link that leads elsewhere, for the API to say why", () => {
    const data = aTransfer({ "text/uri-list": "https://example.com/", "text/plain": "https://example.com/" });
    expect(droppedIn(data).addresses).toEqual(["https://example.com/"]);
  });

  it("takes files", () => {
    expect(droppedIn(aTransfer({}, [CSV]))).toEqual({ addresses: [], files: [CSV] });
  });

  it("finds nothing in plain words", () => {
    expect(droppedIn(aTransfer({ "text/plain": "good morning" }))).toEqual({ addresses: [], files: [] });
  });
});

it("leaves text that is dropped onto a field to the field", () => {
  const text = aTransfer({ "text/plain": ONE });
  expect([bringsSomething(text), bringsOverField(text)]).toEqual([true, false]);
  expect(bringsOverField(aTransfer({ "text/uri-list": ONE }))).toBe(true);
  expect(bringsOverField(aTransfer({}, [CSV]))).toBe(true);
  expect(bringsSomething(null)).toBe(false);
  expect(bringsSomething(aTransfer({ "application/x-own": "1" }))).toBe(false);
});
