import type { Text, TextKey } from "../../i18n";
import type { BatchStatus } from "../../state/progressRules";

/** A batch's name for people. Addresses are not shown: they mean nothing to a reader. */
export function batchTitle(batch: BatchStatus, text: Text): string {
  if (batch.title) return batch.title;
  switch (batch.kind) {
    case "file":
      return batch.source;
    case "urls":
      return text("live.batch.kind.urls", { n: batch.total });
    case "playlist":
    case "channel":
      return text(`live.batch.kind.${batch.kind}`);
  }
}

/** The result of a batch: "115 imported (7 without captions), 5 failed". The parts add up to all its videos. */
export function batchSummary(batch: BatchStatus, text: Text): string {
  const without = batch.without_captions;
  const parts: [TextKey, number][] = [
    [without > 0 ? "live.summary.without" : "live.summary.imported", batch.imported],
    ["live.summary.failed", batch.failed],
    ["live.summary.unavailable", batch.unavailable],
    ["live.summary.membersOnly", batch.members_only],
    ["live.summary.filtered", batch.filtered],
    ["live.summary.cancelled", batch.cancelled],
    ["live.summary.waiting", batch.waiting],
    ["live.summary.duplicates", batch.duplicates],
  ];
  const shown = parts.filter(([, n]) => n > 0).map(([key, n]) => text(key, { n, without }));
  return shown.length > 0 ? shown.join(", ") : text("live.summary.nothing");
}
