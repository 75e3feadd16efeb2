import type { ServerClock } from './clock';
import { readFrame, type ClientFrame, type Event, type Unread, type Welcome } from './frames';

/** What the page can honestly say about its line to the server. */
export interface Link {
  readonly phase: 'connecting' | 'live' | 'waiting' | 'ended';
  /** Local milliseconds: since when the line is in this phase. */
  readonly since: number;
  /** Local milliseconds of the next try, while waiting. */
  readonly retryAt: number | null;
  readonly tries: number;
  /** What the last connection brought back: nothing yet, the missed frames, or a fresh picture. */
  readonly replay: 'none' | 'complete' | 'snapshot';
  readonly replayed: number;
  readonly ended: 'forbidden' | 'elsewhere' | null;
  /** Local milliseconds of the last frame, as of the last change of phase: what the page shows is as old as this. */
  readonly heardAt: number | null;
}

export interface LiveOptions {
  readonly url: string;
  /** A valid token, or null when the session is over: then nothing is tried again. */
  readonly token: () => Promise<string | null>;
  readonly clock: ServerClock;
  /** Before the first frame of a picture that replaces everything known so far. */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onEvent: (event: Event) => void;
  readonly onUnread: (unread: Unread) => void;
  readonly onLink: (link: Link) => void;
  /** The server closed with "not authorised": renew, or sign out. */
  readonly onRefused?: () => Promise<unknown>;
  readonly connect?: (url: string) => WebSocket;
  readonly random?: () => number;
  readonly now?: () => number;
}

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5_000;
// The server beats every 10 s: two missed beats and a half mean that nobody is there, whatever the socket says.
const SILENCE_MS = 25_000;
const WELCOME_WITHIN_MS = 8_000;
const REFUSED = new Set([1008, 4401]);
// This account has no business here, or its ninth page pushed the oldest out: knocking again would only push another.
const FINAL: Readonly<Record<number, Link['ended']>> = { 4403: 'forbidden', 4409: 'elsewhere' };

/**
 * One live line: hello, welcome, then frames without a hole. A hole in the chain of `prev` is healed by connecting again
 * `after` the last good frame, because showing a picture with one dispatch missing is worse than a second of waiting.
 */
export class Live {
  private socket: WebSocket | null = null;
  private log: string | null = null;
  private lastSeq: number | null = null;
  private welcomeSeq: number | null = null;
  private chainOpen = false;
  private tries = 0;
  private heardAt: number | null = null;
  private stopped = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private link: Link;
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(private readonly options: LiveOptions) {
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.link = { phase: 'connecting', since: this.now(), retryAt: null, tries: 0, replay: 'none', replayed: 0, ended: null, heardAt: null };
  }

  start(): void {
    this.stopped = false;
    this.tell({ ended: null });
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.drop();
    this.tell({ phase: 'ended', retryAt: null });
  }

  /** Try at once: the network is back, or a person looks at the page again. */
  hurry(): void {
    if (this.stopped || this.link.phase !== 'waiting') return;
    clearTimeout(this.retry);
    void this.open();
  }

  get live(): boolean {
    return this.link.phase === 'live';
  }

  /** False when the line is down: then nothing was sent and nothing is kept here. */
  send(frame: ClientFrame): boolean {
    if (!this.live || this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  renew(token: string): void {
    this.send({ type: 'renew', token });
  }

  private async open(): Promise<void> {
    this.drop();
    this.tell({ phase: 'connecting', retryAt: null });
    let token: string | null;
    try {
      token = await this.options.token();
    } catch {
      this.again();
      return;
    }
    if (this.stopped) return;
    if (token === null) {
      this.stop();
      return;
    }
    const socket = (this.options.connect ?? ((url) => new WebSocket(url)))(this.options.url);
    this.socket = socket;
    this.welcomeSeq = null;
    this.listen(socket, { type: 'hello', token, log: this.log, after: this.lastSeq });
    this.expectWithin(WELCOME_WITHIN_MS);
  }

  private listen(socket: WebSocket, hello: ClientFrame): void {
    socket.addEventListener('open', () => {
      if (socket === this.socket) socket.send(JSON.stringify(hello));
    });
    socket.addEventListener('message', (message: MessageEvent<unknown>) => {
      if (socket === this.socket) this.take(message.data);
    });
    socket.addEventListener('close', (event) => {
      if (socket !== this.socket) return;
      this.socket = null;
      const final = FINAL[event.code];
      if (final) {
        this.stop();
        this.tell({ ended: final });
      } else if (REFUSED.has(event.code) && this.options.onRefused) {
        void this.options.onRefused().catch(() => undefined).finally(() => {
          this.again();
        });
      } else this.again();
    });
  }

  private take(text: unknown): void {
    this.expectWithin(SILENCE_MS);
    this.heardAt = this.now();
    const reading = readFrame(text);
    if (!reading.ok) {
      this.options.onUnread(reading.unread);
      this.follow(reading.unread.seq, reading.unread.prev);
      return;
    }
    const frame = reading.frame;
    if (frame.type === 'welcome') {
      this.options.clock.hear(frame.at);
      this.welcome(frame.data);
      return;
    }
    this.options.clock.hear(frame.at);
    if (this.follow(frame.seq, frame.prev)) this.options.onEvent(frame);
  }

  private welcome(welcome: Welcome): void {
    this.tries = 0;
    this.log = welcome.log;
    this.welcomeSeq = welcome.seq;
    // After a snapshot the chain starts at the picture's own number; after a complete replay at what we asked for.
    if (welcome.replay === 'snapshot') this.lastSeq = welcome.seq;
    this.chainOpen = true;
    this.tell({ phase: 'live', retryAt: null, replay: welcome.replay, replayed: 0 });
    this.options.onWelcome(welcome);
  }

  /** Keep the chain. True when the frame is new and nothing is missing before it. */
  private follow(seq: number | null, prev: number | null): boolean {
    // A snapshot's open offer carries the number it was first sent under, so that it can be acknowledged; it is no link.
    if (seq !== null && this.lastSeq !== null && seq <= this.lastSeq) return prev === null;
    if (prev !== null && this.lastSeq !== null && prev > this.lastSeq && !(this.chainOpen && prev === this.welcomeSeq)) {
      this.heal();
      return false;
    }
    if (seq !== null) {
      this.lastSeq = seq;
      this.chainOpen = false;
      if (this.welcomeSeq !== null && seq <= this.welcomeSeq) this.tell({ replayed: this.link.replayed + 1 });
    }
    return true;
  }

  private heal(): void {
    this.drop();
    void this.open();
  }

  private again(): void {
    clearTimeout(this.silence);
    if (this.stopped) return;
    const base = Math.min(FIRST_RETRY_MS * 2 ** this.tries, LONGEST_RETRY_MS);
    // Half fixed, half random: a thousand phones must not knock in the same millisecond after a restart.
    const pause = base / 2 + (base / 2) * this.random();
    this.tries += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.open(), pause);
    this.tell({ phase: 'waiting', retryAt: this.now() + pause });
  }

  private expectWithin(ms: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.drop();
      this.again();
    }, ms);
  }

  private drop(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= 1) socket.close(1000);
  }

  private tell(change: Partial<Link>): void {
    const moved = change.phase !== undefined && change.phase !== this.link.phase;
    this.link = { ...this.link, ...change, tries: this.tries, heardAt: this.heardAt, since: moved ? this.now() : this.link.since };
    this.options.onLink(this.link);
  }
}

/** The socket's address beside the page's own: same host, never a token in it. */
export function socketUrl(path: string, base: string = location.href): string {
  const url = new URL(path, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  return url.href;
}
