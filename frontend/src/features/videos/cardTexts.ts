import type { Video } from "../../api/types";
import type { Text, TextKey } from "../../i18n";
import type { Formats } from "../../i18n/format";
import type { CardImport, WaitReason } from "./cardState";

type WaitTopic =
  | "youtube"
  | "hourly"
  | "transcription"
  | "allowance"
  | "operator"
  | "settings"
  | "outdated"
  | "unreachable"
  | "transcriptionUnreachable"
  | "other";

const TOPICS: Partial<Record<WaitReason, WaitTopic>> = {
  rate_limited: "youtube",
  bot_check: "youtube",
  hourly_requests: "hourly",
  transcription_limited: "transcription",
  transcription_allowance: "allowance",
  operator: "operator",
  certificate_untrusted: "settings",
  extractor_outdated: "outdated",
  transcription_misconfigured: "settings",
  upstream_unavailable: "unreachable",
  link_expired: "unreachable",
  unexpected_answer: "unreachable",
  transcription_unavailable: "transcriptionUnreachable",
  transcription_unexpected: "transcriptionUnreachable",
};

/** Where each step ends, in percent. Stages without sub-progress report 25 between 25 and 60; anything in between comes
 * from transcription. */
const STEPS: readonly (readonly [below: number, key: TextKey])[] = [
  [25, "cards.stage.queued"],
  [26, "cards.stage.captions"],
  [40, "cards.stage.audio"],
  [60, "cards.stage.transcription"],
  [90, "cards.stage.chapters"],
];

/** A card's title: until it is known, the video's address. */
export function cardTitle(video: Pick<Video, "title" | "youtube_id">): string {
  return video.title ?? `youtu.be/${video.youtube_id}`;
}

/** The text for the step at this percentage. */
export function stageKey(percent: number): TextKey {
  return STEPS.find(([below]) => percent < below)?.[1] ?? "cards.stage.finishing";
}

/** The status of an import that is running or waiting; null otherwise. */
export function statusText(shown: CardImport, text: Text, format: Formats, now: number): string | null {
  switch (shown.state) {
    case "importing":
      return text(stageKey(shown.progress));
    case "waiting":
      return waitText(shown, text, format, now);
    case "upcoming":
      return text("cards.upcoming.hint");
    case "live":
      return text("cards.live.hint");
    default:
      return null;
  }
}

/** "Live now", "Starts 20:00"; null for everything else. */
export function badgeText(shown: CardImport, text: Text, format: Formats, now: number): string | null {
  if (shown.state === "live") return text("cards.live");
  if (shown.state !== "upcoming") return null;
  const until = comingMoment(shown.until, now);
  return until ? text("cards.upcoming.until", whenOf(until, format)) : text("cards.upcoming");
}

function waitText(shown: CardImport, text: Text, format: Formats, now: number): string {
  const topic = (shown.reason && TOPICS[shown.reason]) ?? "other";
  // The server describes reasons that the page does not know.
  if (topic === "other" && shown.message) return shown.message;
  const until = comingMoment(shown.until, now);
  return until ? text(`cards.wait.${topic}.until`, whenOf(until, format)) : text(`cards.wait.${topic}`);
}

function whenOf(iso: string, format: Formats) {
  return { at: format.at(iso), until: format.until(iso) };
}

/** Null for a time that has passed. */
function comingMoment(iso: string | null, now: number): string | null {
  return iso !== null && Date.parse(iso) > now ? iso : null;
}
