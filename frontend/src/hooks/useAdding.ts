import { useState } from "react";
import { useLocation } from "wouter";
import { type PreviewRequest, useAddVideo } from "../api/queries";
import type { Video } from "../api/types";
import { useText } from "../i18n";
import { isSourceRefusal, requestsFor } from "../lib/requests";
import { entriesIn } from "../lib/youtube";
import { toast } from "../stores/toasts";

export interface Adding {
  /** One video is added at once, everything else is looked at first. */
  addAddresses: (addresses: readonly string[]) => void;
  /** As somebody pasted it. */
  addText: (text: string) => void;
  addFiles: (files: readonly File[]) => void;
  /** The video that was added last; null while another is on its way. */
  added: Video | null;
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
 * Ways onto a list, whatever is brought. `giveBack` hears what was pasted and not added: an error says why the API refused
 * a single video, none that somebody called it off.
 */
export function useAdding(listId: string, giveBack: (pasted: string, error?: unknown) => void): Adding {
  const [kept, setQueue] = useState<Queue>({ listId, entries: [], turn: 0 });
  const { added, addOne } = useAddOne(listId);
  const { entries, turn } = queueOf(kept, listId);

  const look = (more: readonly Queued[]) => {
    if (more.length === 0) return;
    setQueue((before) => {
      const queue = queueOf(before, listId);
      return { ...queue, entries: [...queue.entries, ...more] };
    });
  };
  // An answer that comes after its turn must not drop what was brought meanwhile.
  const goOn = (rest: (queued: readonly Queued[]) => readonly Queued[]) =>
    setQueue((now) =>
      now.listId === listId && now.turn === turn ? { listId, entries: rest(now.entries), turn: turn + 1 } : now,
    );

  const addAddresses = (addresses: readonly string[], pasted?: string) => {
    const { single, requests } = requestsFor(addresses);
    const isAll = !single && requests.length === 1;
    look(requests.map((request) => ({ request, pasted: (isAll && pasted) || addressesOf(request, addresses) })));
    if (!single) return;
    addOne(single).catch((error) =>
      isSourceRefusal(error) ? look([{ request: { source: single }, pasted: single }]) : giveBack(single, error),
    );
  };
  const addText = (text: string) => addAddresses(entriesIn(text), text);
  const cancel = () => {
    goOn(() => []);
    const pasted = entries.map((entry) => entry.pasted).filter(Boolean);
    if (pasted.length > 0) giveBack(pasted.join("\n"));
  };
  return {
    addAddresses: (addresses) => addAddresses(addresses),
    addText,
    addFiles: (files) => look(files.map((file) => ({ request: { file }, pasted: "" }))),
    added,
    wanted: entries[0]?.request ?? null,
    waiting: Math.max(entries.length - 1, 0),
    turn,
    next: () => goOn((queued) => queued.slice(1)),
    cancel,
  };
}

/** What was brought to another list, before this one was opened, is not meant for this one. */
function queueOf(queue: Queue, listId: string): Queue {
  return queue.listId === listId ? queue : { listId, entries: [], turn: queue.turn + 1 };
}

/** Very many addresses are looked at as a file. */
function addressesOf(request: PreviewRequest, addresses: readonly string[]): string {
  if ("source" in request) return request.source;
  return ("urls" in request ? request.urls : addresses).join("\n");
}

function useAddOne(listId: string) {
  const text = useText();
  const [, navigate] = useLocation();
  // Several may be on their way at once; only the promises tell of each.
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
