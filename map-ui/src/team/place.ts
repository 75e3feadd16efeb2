import type { ClientFrame } from '../wire/frames';

export type Report = Omit<Extract<ClientFrame, { type: 'position' }>, 'type'>;

/** A browser's fix as it goes over the wire; null fields are unknown, never zero. */
export function reportOf(fix: GeolocationPosition): Report {
  const c = fix.coords;
  const known = (value: number | null): number | null => (value === null || Number.isNaN(value) ? null : value);
  return {
    lon: c.longitude,
    lat: c.latitude,
    accuracy_m: known(c.accuracy),
    fixed_at: new Date(fix.timestamp).toISOString(),
    heading_deg: known(c.heading),
    speed_mps: known(c.speed),
  };
}

// Often enough that a moving team is never a block away on the map, seldom enough for a battery and a data plan.
const SEND_EVERY_MS = 2_500;
const KEEP_EVERY_MS = 10_000;
const KEEP = 360;

/** Sends positions while the line is up and keeps a thinned track of an hour while it is down. */
export class Track {
  private lastSent = 0;
  private lastKept = 0;
  private kept: Report[] = [];
  sentAt: number | null = null;

  constructor(
    private readonly send: (report: Report) => boolean,
    private readonly now: () => number = Date.now,
  ) {}

  take(report: Report): void {
    const now = this.now();
    if (now - this.lastSent < SEND_EVERY_MS) return;
    if (this.send(report)) {
      this.lastSent = now;
      this.sentAt = now;
    } else if (now - this.lastKept >= KEEP_EVERY_MS) {
      this.lastKept = now;
      this.kept = [...this.kept, report].slice(-KEEP);
    }
  }

  /** What was kept, once: for one batch when the line is back. */
  drain(): readonly Report[] {
    const kept = this.kept;
    this.kept = [];
    return kept;
  }

  putBack(reports: readonly Report[]): void {
    this.kept = [...reports, ...this.kept].slice(-KEEP);
  }
}
