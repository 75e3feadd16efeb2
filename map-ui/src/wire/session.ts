import type { Proof } from './oidc';
import { NoAnswer, Problem } from './rest';

interface Tokens {
  readonly access: string;
  readonly refresh: string;
  /** Local milliseconds since 1970. */
  readonly expiresAt: number;
}

interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

export interface SessionOptions {
  readonly name: string;
  readonly language: () => string;
  readonly storage?: Storage;
  readonly lasting?: Storage;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  readonly channel?: BroadcastChannel | null;
}

/**
 * Who is signed in on this tab. Tokens live in memory and in this tab's sessionStorage, so that a reload does not throw a
 * shift out, and nowhere else: never in an address, a cookie or another tab.
 */
export class Session {
  private tokens: Tokens | null;
  private renewing: Promise<string | null> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly renewed = new Set<(token: string) => void>();
  private readonly ended = new Set<() => void>();
  private readonly storage: Storage;
  private readonly fetch: typeof fetch;
  private readonly now: () => number;
  private readonly channel: BroadcastChannel | null;

  constructor(private readonly options: SessionOptions) {
    this.storage = options.storage ?? sessionStorage;
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.now = options.now ?? Date.now;
    this.channel = options.channel === undefined ? new BroadcastChannel(`session-${options.name}`) : options.channel;
    this.channel?.addEventListener('message', (event: MessageEvent<unknown>) => {
      this.adopt(event.data);
    });
    this.tokens = this.load();
    if (this.tokens) this.schedule();
  }

  get signedIn(): boolean {
    return this.tokens !== null;
  }

  onRenewed(listener: (token: string) => void): void {
    this.renewed.add(listener);
  }

  onEnded(listener: () => void): void {
    this.ended.add(listener);
  }

  /** Raises `Problem` for wrong credentials or a lock-out, `NoAnswer` without a line. */
  async signIn(username: string, password: string): Promise<void> {
    const form = new URLSearchParams({ grant_type: 'password', username, password, device: this.device() });
    this.keep(await this.ask('/api/v1/token', form.toString(), 'application/x-www-form-urlencoded'));
  }

  /** Raises as `signIn` does. A lost answer is asked for again: the same proof within a minute gets the same session. */
  async signInWith(proof: Proof): Promise<void> {
    const body = JSON.stringify({ ...proof, device: this.device() });
    for (let left = 2; ; left--) {
      try {
        this.keep(await this.ask('/api/v1/auth/oidc', body, 'application/json'));
        return;
      } catch (fault) {
        if (!(fault instanceof NoAnswer) || left === 0) throw fault;
      }
    }
  }

  /** Ends the session here and, where the line allows, on the server too. */
  signOut(): void {
    const access = this.tokens?.access;
    if (access !== undefined) {
      const headers = { Authorization: `Bearer ${access}` };
      void this.fetch('/api/v1/token/revoke', { method: 'POST', headers, keepalive: true, credentials: 'omit' }).catch(() => undefined);
    }
    this.end();
  }

  private end(): void {
    this.tokens = null;
    clearTimeout(this.timer);
    this.storage.removeItem(this.key);
    for (const listener of this.ended) listener();
  }

  /** A token good for at least half a minute; null once signed out. */
  async token(renew = false): Promise<string | null> {
    if (this.tokens === null) return null;
    if (!renew && this.tokens.expiresAt - this.now() > 30_000) return this.tokens.access;
    return this.renew();
  }

  /** One renewal at a time, however many callers wait for it. */
  renew(): Promise<string | null> {
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renewOnce(): Promise<string | null> {
    const held = this.tokens;
    if (held === null) return null;
    try {
      const answer = await this.ask('/api/v1/token/refresh', JSON.stringify({ refresh_token: held.refresh, device: this.device() }), 'application/json');
      const access = this.keep(answer);
      this.channel?.postMessage({ after: held.refresh, answer });
      for (const listener of this.renewed) listener(access);
      return access;
    } catch (fault) {
      // Only the server's own no ends a shift; a broken line is tried again, with the old token while it lasts.
      if (fault instanceof Problem && (fault.status === 401 || fault.status === 403 || fault.status === 400)) {
        this.end();
        return null;
      }
      this.schedule(5_000);
      return held.expiresAt > this.now() ? held.access : Promise.reject(fault instanceof Error ? fault : new NoAnswer());
    }
  }

  /**
   * A duplicated tab starts with a copy of this tab's refresh token, and using it twice ends the family for both; so the
   * tab that rotates hands the successor to whoever still holds the old one.
   */
  private adopt(message: unknown): void {
    const told = message as { after?: unknown; answer?: TokenAnswer } | null;
    if (this.tokens === null || told?.after !== this.tokens.refresh || told.answer === undefined) return;
    const access = this.keep(told.answer);
    for (const listener of this.renewed) listener(access);
  }

  private async ask(path: string, body: string, type: string): Promise<TokenAnswer> {
    let answer: Response;
    try {
      answer = await this.fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': type, Accept: 'application/json', 'Accept-Language': this.options.language() },
        body,
        signal: AbortSignal.timeout(8_000),
        cache: 'no-store',
        credentials: 'omit',
      });
    } catch (cause) {
      throw new NoAnswer(String(cause));
    }
    const value = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
    if (!answer.ok) {
      const text = (name: string): string | null => (typeof value[name] === 'string' ? value[name] : null);
      throw new Problem(answer.status, text('slug') ?? '', text('title') ?? `HTTP ${String(answer.status)}`, text('detail'));
    }
    return value as unknown as TokenAnswer;
  }

  private keep(answer: TokenAnswer): string {
    const expiresAt = this.now() + answer.expires_in * 1000;
    this.tokens = { access: answer.access_token, refresh: answer.refresh_token, expiresAt };
    this.storage.setItem(this.key, JSON.stringify(this.tokens));
    this.schedule();
    return this.tokens.access;
  }

  /** Renew at four fifths of the token's life, so that a socket never has to be cut for it. */
  private schedule(inMs?: number): void {
    clearTimeout(this.timer);
    if (this.tokens === null) return;
    const left = this.tokens.expiresAt - this.now();
    const wait = inMs ?? Math.max(0, Math.min(left * 0.8, left - 45_000));
    this.timer = setTimeout(() => void this.renew().catch(() => undefined), Math.min(wait, 2 ** 31 - 1));
  }

  private load(): Tokens | null {
    try {
      const value = JSON.parse(this.storage.getItem(this.key) ?? 'null') as Partial<Tokens> | null;
      return typeof value?.access === 'string' && typeof value.refresh === 'string' && typeof value.expiresAt === 'number'
        ? { access: value.access, refresh: value.refresh, expiresAt: value.expiresAt }
        : null;
    } catch {
      return null;
    }
  }

  /** An id of this browser, made once: the server binds the session to it, so that a copied token is worth nothing elsewhere. */
  private device(): string {
    const key = 'merkez.device';
    const lasting = this.options.lasting ?? localStorage;
    const known = lasting.getItem(key);
    if (known !== null) return known;
    const made = crypto.randomUUID();
    lasting.setItem(key, made);
    return made;
  }

  private get key(): string {
    return `merkez.${this.options.name}`;
  }
}
