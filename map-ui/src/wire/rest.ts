/** One clear problem from the server (RFC 9457), already in the page's language. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    readonly title: string,
    readonly detail: string | null,
  ) {
    super(detail ?? title);
  }
}

/** The request never got an answer: no network, or the server took too long. It may have been carried out. */
export class NoAnswer extends Error {}

export interface RestOptions {
  /** Bearer token, refreshed where needed; null for doors that are open to anybody. */
  readonly token: (renewed: boolean) => Promise<string | null>;
  readonly language: () => string;
  readonly fetch?: typeof fetch;
  readonly wait?: (ms: number) => Promise<void>;
  readonly newId?: () => string;
}

export type Body = Record<string, unknown>;

const RETRY_AFTER_MS = [300, 1_000, 2_500];
const ANSWER_WITHIN_MS = 8_000;

/**
 * The REST doors. A POST carries a client-made id and is repeated under the same id when no answer came or the server was
 * restarting, so a cut line never turns one act into two and never loses it silently.
 */
export class Rest {
  private readonly fetch: typeof fetch;
  private readonly wait: (ms: number) => Promise<void>;
  private readonly newId: () => string;

  constructor(private readonly options: RestOptions) {
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.wait = options.wait ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
    this.newId = options.newId ?? (() => crypto.randomUUID());
  }

  get<T>(path: string): Promise<T> {
    return this.steadily<T>('GET', path, null, RETRY_AFTER_MS);
  }

  /** Every page of a list. */
  async all<T>(path: string): Promise<readonly T[]> {
    const items: T[] = [];
    let next: string | null = null;
    do {
      const ask: string = next === null ? path : `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`;
      const page: { readonly items: readonly T[]; readonly next?: string | null } = await this.get(ask);
      items.push(...page.items);
      next = page.next ?? null;
    } while (next !== null);
    return items;
  }

  post<T = unknown>(path: string, body: Body = {}): Promise<T> {
    return this.steadily<T>('POST', path, { client_id: this.newId(), ...body }, RETRY_AFTER_MS);
  }

  /** A picture behind a token. */
  async picture(path: string): Promise<Blob> {
    const token = await this.options.token(false);
    const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
    const answer = await this.fetch(`/api/v1${path}`, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS), cache: 'no-store', credentials: 'omit' });
    if (!answer.ok) throw problemOf(answer.status, null);
    return answer.blob();
  }

  /** One try, for callers that keep their own queue. The body brings its own `client_id`. */
  postOnce<T = unknown>(path: string, body: Body, withinMs = ANSWER_WITHIN_MS): Promise<T> {
    return this.authorised<T>('POST', path, body, withinMs);
  }

  private async steadily<T>(method: string, path: string, body: Body | null, pauses: readonly number[]): Promise<T> {
    for (const pause of pauses) {
      try {
        return await this.authorised<T>(method, path, body, ANSWER_WITHIN_MS);
      } catch (fault) {
        if (!isPassing(fault)) throw fault;
        await this.wait(pause);
      }
    }
    return this.authorised<T>(method, path, body, ANSWER_WITHIN_MS);
  }

  private async authorised<T>(method: string, path: string, body: Body | null, withinMs: number): Promise<T> {
    const token = await this.options.token(false);
    try {
      return await this.once<T>(method, path, body, token, withinMs);
    } catch (fault) {
      if (!(fault instanceof Problem) || fault.status !== 401 || token === null) throw fault;
      const renewed = await this.options.token(true);
      if (renewed === null || renewed === token) throw fault;
      return this.once<T>(method, path, body, renewed, withinMs);
    }
  }

  private async once<T>(method: string, path: string, body: Body | null, token: string | null, withinMs: number): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': this.options.language() };
    if (token !== null) headers['Authorization'] = `Bearer ${token}`;
    if (body !== null) headers['Content-Type'] = 'application/json';
    let answer: Response;
    try {
      answer = await this.fetch(`/api/v1${path}`, {
        method,
        headers,
        body: body === null ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(withinMs),
        cache: 'no-store',
        credentials: 'omit',
      });
    } catch (cause) {
      throw new NoAnswer(String(cause));
    }
    return read<T>(answer);
  }
}

/** True where the same request may do better a moment later. */
export function isPassing(fault: unknown): boolean {
  return fault instanceof NoAnswer || (fault instanceof Problem && [429, 502, 503, 504].includes(fault.status));
}

async function read<T>(answer: Response): Promise<T> {
  let value: unknown;
  try {
    const text = await answer.text();
    value = text === '' ? null : JSON.parse(text);
  } catch (cause) {
    if (answer.ok) throw new NoAnswer(String(cause));
    value = null;
  }
  if (answer.ok) return value as T;
  throw problemOf(answer.status, value);
}

function problemOf(status: number, value: unknown): Problem {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const text = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  const slug = text('slug') ?? text('type')?.split('/').pop() ?? `http-${String(status)}`;
  return new Problem(status, slug, text('title') ?? `HTTP ${String(status)}`, text('detail'));
}
