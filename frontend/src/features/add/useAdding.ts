import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { Video } from "../../api/types";
import { type PreviewRequest, useAddVideo } from "../../data/queries";
import { entriesIn } from "../../data/youtube";
import { useText } from "../../i18n";
import { errorMessage } from "../../ui/errorMessage";
import { toast } from "../../ui/toasts";
import { isSourceRefusal, requestsFor } from "./requests";

export interface Adding {
  /** A single video is added at once, everything else is previewed first. */
  addAddresses: (addresses: readonly string[]) => void;
  /** As it was pasted. */
  addText: (text: string) => void;
  addFiles: (files: readonly File[]) => void;
  /** The video that was added last; null while another request is in flight. */
  added: Video | null;
  /** The request to preview now, and how many follow. */
  wanted: PreviewRequest | null;
  waiting: number;
  /** Counts the previews, so that each starts with fresh state. */
  turn: number;
  /** Continues with the next request. */
  next: () => void;
  /** Discards all requests. */
  cancel: () => void;
}

interface Queued {
  request: PreviewRequest;
  /** What was pasted of it; empty for a file. */
  pasted: string;
}

interface Queue {
  listId: string;
  entries: readonly Queued[];
  turn: number;
}

/**
 * Adds videos to a list from any source. Calls `onRejected` with pasted text that was not added: with an error if the API
 * refused a single video, without one if the reader cancelled.
 */
export function useAdding(listId: string, onRejected: (pasted: string, error?: unknown) => void): Adding {
  const [stored, setQueue] = useState<Queue>({ listId, entries: [], turn: 0 });
  const { added, addOne } = useAddOne(listId);
  const isHere = useIsHere(listId);
  const text = useText();
  const { entries, turn } = queueOf(stored, listId);

  const enqueue = (more: readonly Queued[]) => {
    if (more.length === 0) return;
    setQueue((before) => {
      const queue = queueOf(before, listId);
      return { ...queue, entries: [...queue.entries, ...more] };
    });
  };
  // A late answer must not drop what was added meanwhile.
  const advance = (rest: (queued: readonly Queued[]) => readonly Queued[]) =>
    setQueue((now) =>
      now.listId === listId && now.turn === turn ? { listId, entries: rest(now.entries), turn: turn + 1 } : now,
    );

  const addAddresses = (addresses: readonly string[], pasted?: string) => {
    const { single, requests } = requestsFor(addresses);
    const isAll = !single && requests.length === 1;
    enqueue(requests.map((request) => ({ request, pasted: (isAll && pasted) || addressesOf(request, addresses) })));
    if (!single) return;
    addOne(single).catch((error) => {
      // Whoever has gone on meanwhile hears of the refusal all the same.
      if (!isHere()) toast({ text: `${single}: ${errorMessage(error, text)}` });
      else if (isSourceRefusal(error)) enqueue([{ request: { source: single }, pasted: single }]);
      else onRejected(single, error);
    });
  };
  const addText = (pasted: string) => addAddresses(entriesIn(pasted), pasted);
  const cancel = () => {
    advance(() => []);
    const pasted = entries.map((entry) => entry.pasted).filter(Boolean);
    if (pasted.length > 0) onRejected(pasted.join("\n"));
  };
  return {
    addAddresses: (addresses) => addAddresses(addresses),
    addText,
    addFiles: (files) => enqueue(files.map((file) => ({ request: { file }, pasted: "" }))),
    added,
    wanted: entries[0]?.request ?? null,
    waiting: Math.max(entries.length - 1, 0),
    turn,
    next: () => advance((queued) => queued.slice(1)),
    cancel,
  };
}

/** What was pasted into another list is not meant for this one. */
function queueOf(queue: Queue, listId: string): Queue {
  return queue.listId === listId ? queue : { listId, entries: [], turn: queue.turn + 1 };
}

/** Very many addresses are previewed as a file. */
function addressesOf(request: PreviewRequest, addresses: readonly string[]): string {
  if ("source" in request) return request.source;
  return ("urls" in request ? request.urls : addresses).join("\n");
}

/** Returns whether this list's page is still shown. */
function useIsHere(listId: string): () => boolean {
  const shown = useRef<string | null>(null);
  useEffect(() => {
    shown.current = listId;
    return () => {
      shown.current = null;
    };
  }, [listId]);
  return () => shown.current === listId;
}

function useAddOne(listId: string) {
  const text = useText();
  const [, navigate] = useLocation();
  // Several may be in flight at once; only the promises report each.
  const { mutateAsync } = useAddVideo(listId);
  const [added, setAdded] = useState<Video | null>(null);
  const addOne = async (address: string) => {
    setAdded(null);
    const { video, duplicate } = await mutateAsync(address);
    if (video) setAdded(video);
    if (!duplicate) return;
    const show = { label: text("adding.show"), run: () => navigate(`/videos/${duplicate.id}`) };
    toast({ text: text("adding.duplicate"), action: show });
  };
  return { added, addOne };
}
