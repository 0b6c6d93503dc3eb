/** The videos on the screen whose import is running: their state is requested by id. */

type Listener = (videoId: string) => void;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const counts = new Map<string, number>();
const listeners = new Set<Listener>();

/** Watch a video until the returned function is called. Cards that wait for their answer have no id yet: ignored. */
export function watch(videoId: string): () => void {
  if (!UUID.test(videoId)) return () => {};
  const count = counts.get(videoId) ?? 0;
  counts.set(videoId, count + 1);
  if (count === 0) for (const listener of listeners) listener(videoId);
  let isWatching = true;
  return () => {
    if (isWatching) forget(videoId);
    isWatching = false;
  };
}

export function watchedIds(): string[] {
  return [...counts.keys()];
}

/** Hear of every video that begins to be watched. */
export function onWatch(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function forget(videoId: string): void {
  const left = (counts.get(videoId) ?? 0) - 1;
  if (left > 0) counts.set(videoId, left);
  else counts.delete(videoId);
}
