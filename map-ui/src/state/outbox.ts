import { isPassing, NoAnswer, Problem } from '../wire/rest';

/** One thing a person did that the server must learn, however long the line is down. */
export interface Waiting {
  readonly client_id: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What it is about, so that a screen can mark it: a dispatch id, "panic", "roster". */
  readonly about: string;
  /** Local milliseconds. */
  readonly since: number;
  readonly tries: number;
  /** The server's no, in words; null while it still waits for an answer. */
  readonly refused: string | null;
}

export interface OutboxOptions {
  readonly key: string;
  readonly send: (path: string, body: Record<string, unknown>) => Promise<unknown>;
  readonly onChange: () => void;
  readonly onAnswer?: (item: Waiting, answer: unknown) => void;
  readonly storage?: Storage;
  readonly now?: () => number;
  readonly newId?: () => string;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Acts in the order in which they were done, kept over a reload, sent under the same client id until somebody answers.
 *
 * Order matters (a "clear" must not overtake its "on scene"), so one waits for the one before; only a plain no lets the next go.
 */
export class Outbox {
  private list: Waiting[];
  private sending = false;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private readonly storage: Storage;
  private readonly now: () => number;

  constructor(private readonly options: OutboxOptions) {
    this.storage = options.storage ?? localStorage;
    this.now = options.now ?? Date.now;
    this.list = this.load();
  }

  get items(): readonly Waiting[] {
    return this.list;
  }

  about(what: string): Waiting | null {
    return this.list.findLast((item) => item.about === what) ?? null;
  }

  add(about: string, path: string, body: Record<string, unknown>): void {
    const client_id = (this.options.newId ?? (() => crypto.randomUUID()))();
    // A newer word about the same thing makes an old refusal pointless to show.
    this.list = this.list.filter((item) => item.about !== about || item.refused === null);
    this.list.push({ client_id, path, body, about, since: this.now(), tries: 0, refused: null });
    this.changed();
    void this.kick();
  }

  forget(clientId: string): void {
    this.list = this.list.filter((item) => item.client_id !== clientId);
    this.changed();
  }

  /** Try now: the line is back, or somebody pressed again. */
  async kick(): Promise<void> {
    clearTimeout(this.pause);
    if (this.sending) return;
    this.sending = true;
    try {
      for (let next = this.next(); next; next = this.next()) {
        if (!(await this.deliver(next))) break;
      }
    } finally {
      this.sending = false;
    }
  }

  private next(): Waiting | undefined {
    return this.list.find((item) => item.refused === null);
  }

  private async deliver(item: Waiting): Promise<boolean> {
    this.put({ ...item, tries: item.tries + 1 });
    try {
      const answer = await this.options.send(item.path, { client_id: item.client_id, ...item.body });
      this.list = this.list.filter((one) => one.client_id !== item.client_id);
      this.changed();
      this.options.onAnswer?.(item, answer);
      return true;
    } catch (fault) {
      if (isPassing(fault) || !(fault instanceof Problem) || fault.status === 401 || fault.status >= 500) {
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** item.tries, LONGEST_PAUSE_MS);
        this.pause = setTimeout(() => void this.kick(), pause);
        if (!(fault instanceof NoAnswer) && !(fault instanceof Problem)) throw fault;
        return false;
      }
      this.put({ ...item, tries: item.tries + 1, refused: fault.message });
      return true;
    }
  }

  private put(item: Waiting): void {
    this.list = this.list.map((one) => (one.client_id === item.client_id ? item : one));
    this.changed();
  }

  private changed(): void {
    this.storage.setItem(this.options.key, JSON.stringify(this.list));
    this.options.onChange();
  }

  private load(): Waiting[] {
    try {
      const value: unknown = JSON.parse(this.storage.getItem(this.options.key) ?? '[]');
      return Array.isArray(value) ? (value as Waiting[]).filter((item) => typeof item.client_id === 'string' && typeof item.path === 'string') : [];
    } catch {
      return [];
    }
  }
}
