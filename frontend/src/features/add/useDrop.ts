import { useEffect, useEffectEvent, useState } from "react";
import { bringsOverField, bringsSomething, type Dropped, droppedIn } from "./dropped";

/** Handles drops anywhere in the window, and reports whether something is being dragged over it. */
export function useDrop(onDrop: (dropped: Dropped) => void): boolean {
  const [isOver, setOver] = useState(false);
  const dropped = useEffectEvent(onDrop);
  useEffect(() => {
    // What is dragged within the page (a card, the bookmark) is not brought from outside.
    let isOwn = false;
    const isWanted = (event: DragEvent) =>
      !isOwn && (isField(event.target) ? bringsOverField(event.dataTransfer) : bringsSomething(event.dataTransfer));
    const start = () => {
      isOwn = true;
    };
    const end = () => {
      isOwn = false;
      setOver(false);
    };
    const over = (event: DragEvent) => {
      const wanted = isWanted(event);
      setOver(wanted);
      if (!wanted) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    };
    const leave = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false);
    };
    const drop = (event: DragEvent) => {
      const wanted = isWanted(event);
      end();
      if (!wanted || !event.dataTransfer) return;
      // Otherwise the browser leaves the page and opens what was dropped.
      event.preventDefault();
      dropped(droppedIn(event.dataTransfer));
    };
    const leaveListeners = new AbortController();
    const { signal } = leaveListeners;
    window.addEventListener("dragstart", start, { signal });
    window.addEventListener("dragend", end, { signal });
    window.addEventListener("dragenter", over, { signal });
    window.addEventListener("dragover", over, { signal });
    window.addEventListener("dragleave", leave, { signal });
    window.addEventListener("drop", drop, { signal });
    return () => leaveListeners.abort();
  }, []);
  return isOver;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, [contenteditable]") !== null;
}
