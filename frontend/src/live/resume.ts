/**
 * From where missed events have to be asked for: the last `seq` up to which nothing is missing.
 *
 * After a break, events that are newer than the snapshot may come before the missed ones, which are older. Until those
 * are all here (`caughtUp`), only they count, so that a second break loses nothing.
 */
export class ResumePoint {
  /** Null: nothing was seen yet, so nothing can have been missed. */
  since: number | null = null;
  private start = 0;
  private newest = 0;
  private isBehind = false;

  /** A connection begins with its snapshot. Returns after which event to resume, null: nowhere. */
  begin(snapshotSeq: number): number | null {
    // A smaller number than before: the events were deleted with their videos, or these are other data altogether.
    const isMissing = this.since !== null && this.since < snapshotSeq;
    this.start = snapshotSeq;
    this.newest = snapshotSeq;
    this.isBehind = isMissing;
    if (!isMissing) this.since = snapshotSeq;
    return isMissing ? this.since : null;
  }

  /** Returns whether the event is news. */
  take({ seq }: { seq?: number | null }): boolean {
    if (seq == null) return true;
    if (this.since !== null && seq <= this.since) return false;
    if (!this.isBehind || seq <= this.start) this.since = seq;
    else this.newest = Math.max(this.newest, seq);
    return true;
  }

  /** Everything that was missed is here. */
  caughtUp(): void {
    if (this.isBehind) this.since = Math.max(this.since ?? 0, this.newest);
    this.isBehind = false;
  }

  /** The connection broke: what is missing is missing still, and comes in order from wherever it comes. */
  end(): void {
    this.isBehind = false;
  }
}
