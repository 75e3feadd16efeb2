/**
 * The server's time as this page can best know it.
 *
 * A countdown is against the server's deadline, and a phone's clock may be minutes off. Every frame carries the server's
 * time of writing; transport and replay can only make it older on arrival, so the largest difference seen lately is the
 * nearest to the truth.
 */
export class ServerClock {
  private samples: { readonly heard: number; readonly offset: number }[] = [];

  constructor(
    private readonly local: () => number = Date.now,
    private readonly windowMs = 120_000,
  ) {}

  /** Hear a frame's `at` (RFC 3339). What cannot be read is no sample. */
  hear(at: string): void {
    const told = Date.parse(at);
    if (Number.isNaN(told)) return;
    const heard = this.local();
    this.samples = this.samples.filter((s) => Math.abs(heard - s.heard) <= this.windowMs);
    this.samples.push({ heard, offset: told - heard });
    if (this.samples.length > 200) this.samples = this.samples.slice(-100).concat(this.best());
  }

  /** Milliseconds to add to the local clock; 0 until the first frame. */
  offset(): number {
    return this.samples.length === 0 ? 0 : this.best().offset;
  }

  /** Server time in milliseconds since 1970. */
  now(): number {
    return this.local() + this.offset();
  }

  private best(): { readonly heard: number; readonly offset: number } {
    return this.samples.reduce((a, b) => (b.offset > a.offset ? b : a), { heard: this.local(), offset: -Infinity });
  }
}
