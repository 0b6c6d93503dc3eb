/** Runs a thing at most once at a time and so often; who asks meanwhile is served by one further run. */
export class Throttle {
  private readonly pauseMs: number;
  /** Tasks that run or rest now, and how to run them again if requested meanwhile. */
  private readonly busy = new Map<string, (() => Promise<unknown>) | null>();

  constructor(pauseMs: number) {
    this.pauseMs = pauseMs;
  }

  ask(name: string, run: () => Promise<unknown>): void {
    if (this.busy.has(name)) this.busy.set(name, run);
    else void this.serve(name, run);
  }

  private async serve(name: string, first: () => Promise<unknown>): Promise<void> {
    for (let run: (() => Promise<unknown>) | null = first; run; run = this.busy.get(name) ?? null) {
      this.busy.set(name, null);
      await run().catch(() => {}); // Whatever is shown stays; the next news brings it up to date.
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    this.busy.delete(name);
  }
}
