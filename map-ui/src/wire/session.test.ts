import { beforeEach, expect, it, vi } from 'vitest';
import { Session } from './session';

class OneChannel extends EventTarget {
  readonly posted: unknown[] = [];
  postMessage(value: unknown): void {
    this.posted.push(value);
  }
  hear(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

const answer = (n: number): object => ({ access_token: `a${String(n)}`, refresh_token: `r${String(n)}`, expires_in: 900, token_type: 'bearer' });
const ok = (n: number): Response => new Response(JSON.stringify(answer(n)), { status: 200 });

function session(replies: (Response | Error)[], now = { at: 0 }) {
  const channel = new OneChannel();
  const asked: string[] = [];
  const made = new Session({
    name: 'desk',
    language: () => 'tr',
    storage: sessionStorage,
    now: () => now.at,
    channel: channel as unknown as BroadcastChannel,
    fetch: vi.fn((url: unknown, init?: RequestInit) => {
      asked.push(`${url as string} ${init?.body as string}`);
      const reply = replies.shift() ?? new Error('none');
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    }),
  });
  return { made, channel, asked, now };
}

beforeEach(() => {
  sessionStorage.clear();
});

it('survives a reload of the tab', async () => {
  const { made } = session([ok(1)]);
  await made.signIn('u', 'p');
  const again = session([]).made;
  await expect(again.token()).resolves.toBe('a1');
});

it('asks once for a new token however many callers want one', async () => {
  const { made, asked, now } = session([ok(1), ok(2)]);
  await made.signIn('u', 'p');
  now.at = 890_000;
  const tokens = await Promise.all([made.token(), made.token(), made.token()]);
  expect(tokens).toEqual(['a2', 'a2', 'a2']);
  expect(asked.filter((line) => line.includes('refresh"') || line.includes('refresh_token'))).toHaveLength(1);
});

it('hands the successor to a duplicated tab that still holds the old one', async () => {
  const { made, channel } = session([ok(1)]);
  await made.signIn('u', 'p');
  const heard: string[] = [];
  made.onRenewed((token) => heard.push(token));
  channel.hear({ after: 'another', answer: answer(8) });
  channel.hear({ after: 'r1', answer: answer(9) });
  await expect(made.token()).resolves.toBe('a9');
  expect(heard).toEqual(['a9']);
});

it('ends only when the server says no, not when the line is cut', async () => {
  const { made, now } = session([ok(1), new TypeError('cut'), new Response('{}', { status: 401 })]);
  await made.signIn('u', 'p');
  const ended = vi.fn();
  made.onEnded(ended);
  now.at = 880_000;
  await expect(made.token()).resolves.toBe('a1');
  expect(ended).not.toHaveBeenCalled();
  await expect(made.token()).resolves.toBeNull();
  expect(ended).toHaveBeenCalledOnce();
  expect(sessionStorage.length).toBe(0);
});

it('asks again with the same proof when the answer of an organisation sign-in was lost', async () => {
  const { made, asked } = session([new Error('lost'), ok(3)]);
  await made.signInWith({ client_id: 'c', code: 'k', verifier: 'v', nonce: 'n', redirect_uri: 'https://m/' });
  await expect(made.token()).resolves.toBe('a3');
  expect(asked).toHaveLength(2);
  expect(asked[0]).toBe(asked[1]);
});

it('does not ask again when the organisation vouches for nobody', async () => {
  const { made, asked } = session([new Response('{"slug": "oidc-refused"}', { status: 401 }), ok(3)]);
  await expect(made.signInWith({ client_id: 'c', code: 'k', verifier: 'v', nonce: 'n', redirect_uri: 'https://m/' })).rejects.toThrow();
  expect(asked).toHaveLength(1);
});
