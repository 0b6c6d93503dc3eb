/** A hidden page draws no frames; its messages are handed on all the same. */
const WITHOUT_FRAMES_MS = 250;

/** Collects what comes and hands it on once per animation frame, so that a burst costs one rendering. */
export class FrameQueue<T> {
  private items: T[] = [];
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly take: (items: T[]) => void;

  constructor(take: (items: T[]) => void) {
    this.take = take;
  }

  push(item: T): void {
    this.items.push(item);
    if (this.items.length > 1) return;
    this.frame = requestAnimationFrame(this.flush);
    this.timer = setTimeout(this.flush, WITHOUT_FRAMES_MS);
  }

  /** Hand on what there is now. */
  readonly flush = (): void => {
    this.cancel();
    const items = this.items;
    this.items = [];
    if (items.length > 0) this.take(items);
  };

  private cancel(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }
}
