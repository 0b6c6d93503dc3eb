import type { Text, TextKey } from "../i18n";
import type { BatchNews } from "../stores/progressRules";

/** What people call a batch. Addresses say nothing to anybody: they are not shown. */
export function batchTitle(batch: BatchNews, text: Text): string {
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

/** What became of a batch: "115 imported (7 without captions), 5 not available". The parts add up to all its videos. */
export function batchSummary(batch: BatchNews, text: Text): string {
  const without = batch.without_captions;
  const parts: [TextKey, number][] = [
    [without > 0 ? "live.summary.without" : "live.summary.imported", batch.imported],
    ["live.summary.failed", batch.failed + batch.unavailable],
    ["live.summary.cancelled", batch.cancelled],
    ["live.summary.waiting", batch.waiting],
    ["live.summary.duplicates", batch.duplicates],
  ];
  const told = parts.filter(([, n]) => n > 0).map(([key, n]) => text(key, { n, without }));
  return told.length > 0 ? told.join(", ") : text("live.summary.nothing");
}
