import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerClock } from './clock';
import type { Event, Unread } from './frames';
import { Live, socketUrl, type Link } from './socket';

class FakeSocket extends EventTarget {
  readyState = 0;
  readonly sent: Record<string, unknown>[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event_('open'));
  }
  hear(value: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: typeof value === 'string' ? value : JSON.stringify(value) }));
  }
  die(code = 1006): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event_('close'), { code }));
  }
}
const Event_ = globalThis.Event;

const AT = '2026-03-01T10:00:00Z';
const beat = (seq: number | null, prev: number | null): object => ({ seq, prev, type: 'heartbeat', at: AT, data: {} });
const welcome = (replay: string, seq: number, log = 'log-1'): object => ({ seq: null, prev: null, type: 'welcome', at: AT, data: { log, replay, seq } });

function line(token: () => Promise<string | null> = () => Promise.resolve('t')) {
  const sockets: FakeSocket[] = [];
  const events: Event[] = [];
  const unread: Unread[] = [];
  const links: Link[] = [];
  const refused = vi.fn(() => Promise.resolve());
  const live = new Live({
    url: 'ws://here/ws/operator',
    token,
    clock: new ServerClock(),
    onWelcome: () => undefined,
    onEvent: (event) => events.push(event),
    onUnread: (one) => unread.push(one),
    onLink: (link) => links.push(link),
    onRefused: refused,
    random: () => 1,
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  });
  return { live, sockets, events, unread, links, refused };
}

async function connected(replay = 'snapshot', seq = 10) {
  const all = line();
  all.live.start();
  await vi.advanceTimersByTimeAsync(0);
  all.sockets[0]?.open();
  all.sockets[0]?.hear(welcome(replay, seq));
  return all;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the line', () => {
  it('says hello first, with no place in the log on a fresh page', async () => {
    const { sockets } = await connected();
    expect(sockets[0]?.sent).toEqual([{ type: 'hello', token: 't', log: null, after: null }]);
  });

  it('asks for what came after the last frame when it comes back', async () => {
    const { sockets } = await connected();
    sockets[0]?.hear(beat(12, 10));
    sockets[0]?.die();
    await vi.advanceTimersByTimeAsync(400);
    sockets[1]?.open();
    expect(sockets[1]?.sent[0]).toEqual({ type: 'hello', token: 't', log: 'log-1', after: 12 });
  });

  it('heals a hole by connecting again after the last good frame and hides the frame behind the hole', async () => {
    const { sockets, events } = await connected();
    sockets[0]?.hear(beat(12, 10));
    sockets[0]?.hear(beat(15, 14));
    await vi.advanceTimersByTimeAsync(0);
    sockets[1]?.open();
    expect(sockets[1]?.sent[0]).toMatchObject({ after: 12 });
    expect(events.map((event) => event.seq)).toEqual([12]);
  });

  it('sees a hole in a heartbeat that carries no number of its own', async () => {
    const { sockets } = await connected();
    sockets[0]?.hear(beat(null, 11));
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets).toHaveLength(2);
  });

  it('takes a frame told twice once', async () => {
    const { sockets, events } = await connected();
    sockets[0]?.hear(beat(12, 10));
    sockets[0]?.hear(beat(12, 10));
    expect(events).toHaveLength(1);
  });

  it("keeps a snapshot's open offer although its number is old, and its place in the chain", async () => {
    const { sockets, events } = await connected();
    sockets[0]?.hear(beat(3, null));
    sockets[0]?.hear(beat(11, 10));
    expect(events.map((event) => event.seq)).toEqual([3, 11]);
    expect(sockets).toHaveLength(1);
  });

  it('counts what a complete replay brought back', async () => {
    const { sockets, links } = await connected();
    sockets[0]?.hear(beat(12, 10));
    sockets[0]?.die();
    await vi.advanceTimersByTimeAsync(400);
    sockets[1]?.open();
    sockets[1]?.hear(welcome('complete', 20));
    sockets[1]?.hear(beat(17, 12));
    sockets[1]?.hear(beat(20, 17));
    sockets[1]?.hear(beat(23, 20));
    expect(links.at(-1)).toMatchObject({ phase: 'live', replay: 'complete', replayed: 2 });
  });

  it('retries within a second at first and within five later', async () => {
    const { live, sockets, links } = line();
    live.start();
    for (let round = 1; round < 9; round += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      sockets.at(-1)?.die();
      const pause = (links.at(-1)?.retryAt ?? 0) - Date.now();
      expect(pause).toBeGreaterThan(0);
      expect(pause).toBeLessThanOrEqual(round === 1 ? 1_000 : 5_000);
    }
  });

  it('gives up a silent line that still looks open', async () => {
    const { sockets, links } = await connected();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(links.at(-1)?.phase).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it('shows a frame it cannot read and goes on behind it', async () => {
    const { sockets, events, unread } = await connected();
    sockets[0]?.hear('{');
    sockets[0]?.hear({ seq: 11, prev: 10, type: 'weather.changed', at: AT, data: {} });
    sockets[0]?.hear({ seq: 12, prev: 11, type: 'incident.changed', at: AT, data: { olay_no: 'x' } });
    sockets[0]?.hear(beat(13, 12));
    expect(unread.map((one) => one.why)).toEqual(['not_json', 'unknown_type', 'incomplete']);
    expect(events.map((event) => event.seq)).toEqual([13]);
    expect(sockets).toHaveLength(1);
  });

  it('asks for a new token when it is refused and ends when the session is over', async () => {
    let token: string | null = 't';
    const { live, sockets, refused, links } = line(() => Promise.resolve(token));
    live.start();
    await vi.advanceTimersByTimeAsync(0);
    token = null;
    sockets[0]?.die(4401);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(refused).toHaveBeenCalledOnce();
    expect(links.at(-1)?.phase).toBe('ended');
    expect(sockets).toHaveLength(1);
  });

  it('understands a welcome written flat', async () => {
    const { live, sockets, links } = line();
    live.start();
    await vi.advanceTimersByTimeAsync(0);
    sockets[0]?.open();
    sockets[0]?.hear({ type: 'welcome', log: 'l', replay: 'snapshot', seq: 4 });
    expect(links.at(-1)).toMatchObject({ phase: 'live', replay: 'snapshot' });
  });

  it('does not knock again where its role may not enter', async () => {
    const { sockets, links } = await connected();
    sockets[0]?.die(4403);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sockets).toHaveLength(1);
    expect(links.at(-1)).toMatchObject({ phase: 'ended', ended: 'forbidden' });
  });

  it('sends nothing and says so while the line is down', async () => {
    const { live, sockets } = await connected();
    sockets[0]?.die();
    expect(live.send({ type: 'ping' })).toBe(false);
  });

  it('tries at once when told that the network is back', async () => {
    const { live, sockets } = await connected();
    sockets[0]?.die();
    live.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets).toHaveLength(2);
  });

  it('keeps the token out of its address', () => {
    expect(socketUrl('/ws/team', 'https://merkez.example/team/?x=1#y')).toBe('wss://merkez.example/ws/team');
  });
});
