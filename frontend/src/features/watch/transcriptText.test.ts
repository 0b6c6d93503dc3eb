import { expect, it } from "vitest";
import { formatsOf } from "../../i18n/format";
import { lineText, linkAt, transcriptText } from "./transcriptText";

const { duration } = formatsOf("en");
const LINE = { start_seconds: 75.9, end_seconds: 80, text: "four\ntons " };
const VIDEO = { youtubeId: "Q7mZ2k-x9Lw", title: "A lens" };

it("links to the second", () => {
  expect(linkAt("Q7mZ2k-x9Lw", 75.9)).toBe("https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=75s");
  expect(linkAt("Q7mZ2k-x9Lw", -1)).toMatch(/t=0s$/);
});

it("makes a line with its time and link", () => {
  expect(lineText(LINE, VIDEO.youtubeId, duration)).toBe(
    "1:15 four tons\nhttps://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=75s",
  );
});

it("makes a text of everything", () => {
  expect(transcriptText([LINE, LINE], VIDEO, duration)).toBe(
    "A lens\nhttps://www.youtube.com/watch?v=Q7mZ2k-x9Lw\n\n1:15 four tons\n1:15 four tons",
  );
});
