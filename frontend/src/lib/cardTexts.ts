import type { Video } from "../api/types";
import type { Text, TextKey } from "../i18n";
import type { Formats } from "../i18n/format";
import type { CardImport, WaitReason } from "./cardState";

type WaitTopic =
  | "youtube"
  | "hourly"
  | "speech"
  | "allowance"
  | "operator"
  | "settings"
  | "unreachable"
  | "speechUnreachable"
  | "other";

const TOPICS: Partial<Record<WaitReason, WaitTopic>> = {
  rate_limited: "youtube",
  bot_check: "youtube",
  hourly_requests: "hourly",
  transcription_limited: "speech",
  transcription_allowance: "allowance",
  operator: "operator",
  certificate_untrusted: "settings",
  transcription_misconfigured: "settings",
  upstream_unavailable: "unreachable",
  link_expired: "unreachable",
  unexpected_answer: "unreachable",
  transcription_unavailable: "speechUnreachable",
  transcription_unexpected: "speechUnreachable",
};

/** Where each part of the way ends, in percent, and what is done until there. Between 25 and 60, whole stages are told
 * as 25; anything above is captions being made from speech. */
const PARTS: readonly (readonly [below: number, key: TextKey])[] = [
  [25, "cards.stage.queued"],
  [26, "cards.stage.captions"],
  [40, "cards.stage.sound"],
  [60, "cards.stage.speech"],
  [90, "cards.stage.chapters"],
];

/** What a card is called: until YouTube has told the title, the address it has there. */
export function cardTitle(video: Pick<Video, "title" | "youtube_id">): string {
  return video.title ?? `youtu.be/${video.youtube_id}`;
}

/** What is being done at this percentage. */
export function stageKey(percent: number): TextKey {
  return PARTS.find(([below]) => percent < below)?.[1] ?? "cards.stage.finishing";
}

/** The sentence under an import that goes on or waits; null where there is nothing to say. */
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
  // What is not known here was put into words by the server.
  if (topic === "other" && shown.message) return shown.message;
  const until = comingMoment(shown.until, now);
  return until ? text(`cards.wait.${topic}.until`, whenOf(until, format)) : text(`cards.wait.${topic}`);
}

function whenOf(iso: string, format: Formats) {
  return { at: format.at(iso), until: format.until(iso) };
}

/** A time that has passed says nothing any more. */
function comingMoment(iso: string | null, now: number): string | null {
  return iso !== null && Date.parse(iso) > now ? iso : null;
}
