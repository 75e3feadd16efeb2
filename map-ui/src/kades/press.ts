import type { KadesStage, Position } from '../wire/frames';
import { Problem } from '../wire/rest';

export type Trigger = 'button' | 'silent';
export type Fix = Position & { readonly fixed_at: string };

/** One press as the phone keeps it until it is over: over a reload, an empty battery, a dead spot. */
export interface Press {
  readonly client_id: string;
  readonly pressed_at: string;
  readonly trigger: Trigger;
  readonly position: Fix | null;
  readonly tries: number;
  /** Known once the server has answered 202: from then on it rings at the desk. */
  readonly alert_id: string | null;
  readonly stage: KadesStage | null;
  /** Set where the server said that it does not know this phone: then only 112 helps. */
  readonly unknown: boolean;
}

export interface PressOptions {
  readonly send: (path: string, body: Record<string, unknown>, withinMs: number) => Promise<unknown>;
  /** The last fix that is known at this moment; never waited for. */
  readonly lastFix: () => Fix | null;
  readonly onChange: () => void;
  readonly storage?: Storage;
  readonly now?: () => number;
  readonly newId?: () => string;
}

/** No 202 within five seconds: the same press again under the same id, and 112 on the screen (law 1). */
export const ANSWER_WITHIN_MS = 5_000;
const QUICK_RETRY_MS = 1_000;
const KEY = 'merkez.kades.press';
const STAGES: ReadonlySet<string> = new Set<KadesStage>(['received', 'team_on_the_way', 'arrived', 'closed']);
const TRAIL_KEEP = 500;
const TRAIL_EVERY_MS = 4_000;

const TRAIL_KEY = 'merkez.kades.trail';
/** One batch of points that were all known before is no end; so many in a row are. */
const TRAIL_OVER_AFTER = 3;

interface Accepted {
  readonly alert_id: string;
}

interface Kept {
  readonly kept: number;
  readonly faults: readonly unknown[];
}

/** Presses and their trail. A press is sent at once with whatever is known and repeated until it is answered. */
export class PressLine {
  private held: Press | null;
  private sending = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private trail: Fix[] = [];
  private trailing: Promise<void> | null = null;
  private lastTrail = 0;
  /**
   * Whose trail goes on. It does not end with a code or with "back": she may have been forced to either, and the screen must look the
   * same. It ends when the server keeps no point any more, which is when the incident is really over.
   */
  private trailOf: string | null;
  private unkept = 0;
  private readonly storage: Storage;
  private readonly now: () => number;
  private readonly newId: () => string;

  constructor(private readonly options: PressOptions) {
    this.storage = options.storage ?? localStorage;
    this.now = options.now ?? Date.now;
    this.newId = options.newId ?? (() => crypto.randomUUID());
    this.held = this.load();
    this.trailOf = this.storage.getItem(TRAIL_KEY);
    if (this.held && this.held.alert_id === null) void this.kick();
  }

  get press(): Press | null {
    return this.held;
  }

  /** True once the phone must show 112: nobody has answered in time, or nobody will. */
  get overdue(): boolean {
    const press = this.held;
    return press !== null && press.alert_id === null && (press.unknown || this.now() - Date.parse(press.pressed_at) >= ANSWER_WITHIN_MS);
  }

  /** Press. While an earlier press still waits for its answer this hurries that one: it is the same call for help. */
  ring(trigger: Trigger): void {
    if (this.held && this.held.alert_id === null && !this.held.unknown) {
      void this.kick();
      return;
    }
    const at = new Date(this.now()).toISOString();
    this.trail = [];
    this.put({
      client_id: this.newId(), pressed_at: at, trigger, position: this.options.lastFix(), tries: 0, alert_id: null, stage: null, unknown: false,
    });
    void this.kick();
  }

  async kick(): Promise<void> {
    clearTimeout(this.retry);
    if (this.sending || !this.held || this.held.alert_id !== null) return;
    this.sending = true;
    const press = { ...this.held, tries: this.held.tries + 1 };
    this.put(press);
    let pause = QUICK_RETRY_MS;
    try {
      const answer = (await this.options.send('/kades/alerts', bodyOf(press), ANSWER_WITHIN_MS)) as Accepted;
      this.put({ ...press, alert_id: answer.alert_id, stage: 'received', unknown: false });
      this.setTrail(answer.alert_id);
    } catch (fault) {
      const unknown = fault instanceof Problem && fault.status === 401;
      if (unknown) pause = ANSWER_WITHIN_MS;
      this.put({ ...press, unknown });
    } finally {
      this.sending = false;
    }
    const answered = this.press?.alert_id != null;
    if (!answered) this.retry = setTimeout(() => void this.kick(), pause);
    else this.sendTrail();
  }

  hear(alertId: string, stage: KadesStage): void {
    if (!STAGES.has(stage)) return;
    if (this.held?.alert_id === alertId && this.held.stage !== 'closed') this.put({ ...this.held, stage });
  }

  /** A new fix. Kept while nothing can be sent; at most one batch at a time. */
  follow(fix: Fix): void {
    if (this.trailOf === null && (!this.held || this.held.stage === 'closed')) return;
    this.trail = [...this.trail, fix].slice(-TRAIL_KEEP);
    if (this.now() - this.lastTrail >= TRAIL_EVERY_MS) this.sendTrail();
  }

  /** The phone is told the same for either code, and so says the same. */
  async cancel(code: string): Promise<void> {
    const press = this.held;
    if (press?.alert_id == null) return;
    await this.options.send(`/kades/alerts/${press.alert_id}/cancel`, { client_id: this.newId(), code }, ANSWER_WITHIN_MS * 2);
    this.put({ ...press, stage: 'closed' });
  }

  /** Back to the button. Only for a press that is over, or one that was never answered and is given up for 112. */
  leave(): void {
    clearTimeout(this.retry);
    this.put(null);
  }

  private sendTrail(): void {
    const id = this.trailOf;
    if (id === null || this.trailing || this.trail.length === 0) return;
    const positions = this.trail;
    this.trail = [];
    this.lastTrail = this.now();
    this.trailing = this.options
      .send(`/kades/alerts/${id}/positions`, { client_id: this.newId(), positions, sent_at: new Date(this.now()).toISOString() }, ANSWER_WITHIN_MS * 2)
      .then(
        (answer: unknown) => {
          const { kept, faults } = answer as Kept;
          this.unkept = kept === 0 && faults.length === 0 ? this.unkept + 1 : 0;
          if (this.unkept >= TRAIL_OVER_AFTER && this.trailOf === id) this.setTrail(null);
        },
        (fault: unknown) => {
          // Refused points would be refused again; those that met no answer go with the next batch.
          if (fault instanceof Problem && fault.status === 404 && this.trailOf === id) this.setTrail(null);
          else if (!(fault instanceof Problem) || fault.status >= 500) this.trail = [...positions, ...this.trail].slice(-TRAIL_KEEP);
        },
      )
      .finally(() => {
        this.trailing = null;
      });
  }

  private setTrail(alertId: string | null): void {
    this.trailOf = alertId;
    this.unkept = 0;
    if (alertId === null) this.storage.removeItem(TRAIL_KEY);
    else this.storage.setItem(TRAIL_KEY, alertId);
  }

  private put(press: Press | null): void {
    this.held = press;
    if (press === null) this.storage.removeItem(KEY);
    else this.storage.setItem(KEY, JSON.stringify(press));
    this.options.onChange();
  }

  private load(): Press | null {
    try {
      const value = JSON.parse(this.storage.getItem(KEY) ?? 'null') as Partial<Press> | null;
      return typeof value?.client_id === 'string' && typeof value.pressed_at === 'string' ? (value as Press) : null;
    } catch {
      return null;
    }
  }
}

function bodyOf(press: Press): Record<string, unknown> {
  return { client_id: press.client_id, pressed_at: press.pressed_at, position: press.position, trigger: press.trigger };
}

/** A browser's fix as it goes over the wire. */
export function fixOf(fix: GeolocationPosition): Fix {
  const { longitude, latitude, accuracy } = fix.coords;
  return { lon: longitude, lat: latitude, accuracy_m: Number.isFinite(accuracy) ? accuracy : null, fixed_at: new Date(fix.timestamp).toISOString() };
}

/** Whether a T.C. number's check digits are right: told while typing, decided by the server. */
export function isTcNo(text: string): boolean {
  const d = Array.from(text, Number);
  if (!/^[1-9]\d{10}$/.test(text)) return false;
  const sum = (from: number, step: number, to: number): number => {
    let total = 0;
    for (let i = from; i < to; i += step) total += d[i] ?? 0;
    return total;
  };
  const tenth = (((sum(0, 2, 9) * 7 - sum(1, 2, 8)) % 10) + 10) % 10;
  return d[9] === tenth && d[10] === sum(0, 1, 10) % 10;
}
