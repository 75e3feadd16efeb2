/** Calls back once per animation frame while the page is seen, and on a plain timer while it is hidden. */
export type Schedule = (run: () => void) => void;

// A hidden tab gets no animation frames at all, and an alarm must ring there too.
const HIDDEN_MS = 100;

export const onNextFrame: Schedule = (run) => {
  if (document.visibilityState === 'visible') {
    let done = false;
    const once = (): void => {
      if (done) return;
      done = true;
      run();
    };
    requestAnimationFrame(once);
    // The tab may be hidden between now and the frame.
    setTimeout(once, HIDDEN_MS * 2);
  } else setTimeout(run, HIDDEN_MS);
};

/**
 * Holds one state and folds bursts of changes into it, once per frame.
 *
 * `mergeKey` names changes of which only the newest counts: a team's older position within the same frame is never drawn.
 */
export class Store<S, C> {
  private pending = new Map<string | number, C>();
  private count = 0;
  private planned = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private current: S,
    private readonly reduce: (state: S, changes: readonly C[]) => S,
    private readonly mergeKey: (change: C) => string | null = () => null,
    private readonly schedule: Schedule = onNextFrame,
  ) {}

  get state(): S {
    return this.current;
  }

  push(change: C): void {
    const key = this.mergeKey(change) ?? (this.count += 1);
    // Taken out first, so that the newest stands where it arrived and not before what came between.
    this.pending.delete(key);
    this.pending.set(key, change);
    if (this.planned) return;
    this.planned = true;
    this.schedule(() => {
      this.flush();
    });
  }

  flush(): void {
    this.planned = false;
    const changes = [...this.pending.values()];
    this.pending = new Map();
    const next = this.reduce(this.current, changes);
    if (next === this.current) return;
    this.current = next;
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
