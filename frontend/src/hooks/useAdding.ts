import { useCallback, useState } from "react";
import { useLocation } from "wouter";
import { Problem } from "../api/client";
import { type PreviewRequest, useAddVideo } from "../api/queries";
import { useText } from "../i18n";
import { requestsFor } from "../lib/requests";
import { addressesIn } from "../lib/youtube";
import { toast } from "../stores/toasts";

const SOURCE_CODES = new Set(["playlist", "channel"]);

export interface Adding {
  /** One video is added at once, everything else is looked at first. */
  addAddresses: (addresses: readonly string[]) => void;
  /** As somebody pasted it. */
  addText: (text: string) => void;
  addFiles: (files: readonly File[]) => void;
  /** What is to be looked at now, and how much comes after it. */
  wanted: PreviewRequest | null;
  waiting: number;
  /** How often it went on: what is looked at now has nothing of what was there before. */
  turn: number;
  /** Goes on to what comes next, */
  next: () => void;
  /** …or gives up all of it. */
  cancel: () => void;
}

/** Ways onto a list, whatever is brought. `onRefused` hears why a single video could not be added. */
export function useAdding(listId: string, onRefused: (error: unknown, address: string) => void): Adding {
  const [queue, setQueue] = useState<readonly PreviewRequest[]>([]);
  const [turn, setTurn] = useState(0);
  const addOne = useAddOne(listId);
  const look = useCallback((requests: readonly PreviewRequest[]) => setQueue((queued) => [...queued, ...requests]), []);

  const goOn = (rest: (queued: readonly PreviewRequest[]) => readonly PreviewRequest[]) => {
    setQueue(rest);
    setTurn((before) => before + 1);
  };

  const addAddresses = (addresses: readonly string[]) => {
    const { single, requests } = requestsFor(addresses);
    look(requests);
    if (single) {
      addOne(single).catch((error) => (isSource(error) ? look([{ source: single }]) : onRefused(error, single)));
    }
  };
  const addText = (text: string) => {
    const addresses = addressesIn(text);
    // Where there is none, the API says best what is wrong with the text.
    addAddresses(addresses.length > 0 ? addresses : [text.trim()].filter(Boolean));
  };
  return {
    addAddresses,
    addText,
    addFiles: (files) => look(files.map((file) => ({ file }))),
    wanted: queue[0] ?? null,
    waiting: Math.max(queue.length - 1, 0),
    turn,
    next: () => goOn((queued) => queued.slice(1)),
    cancel: () => goOn(() => []),
  };
}

function useAddOne(listId: string): (address: string) => Promise<void> {
  const text = useText();
  const [, navigate] = useLocation();
  // Several may be on their way at once; only the promises tell of each.
  const { mutateAsync } = useAddVideo(listId);
  return async (address) => {
    const { duplicate } = await mutateAsync(address);
    if (!duplicate) return;
    const show = { label: text("adding.show"), run: () => navigate(`/videos/${duplicate.id}`) };
    toast({ text: text("adding.duplicate"), action: show });
  };
}

/** The page takes for a video what the API knows better. */
function isSource(error: unknown): boolean {
  return error instanceof Problem && SOURCE_CODES.has(error.errors[0]?.code ?? "");
}
