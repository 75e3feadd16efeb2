import { expect, it, vi } from 'vitest';
import { NoAnswer, Problem, Rest } from './rest';

type Reply = Response | Error;

function rest(replies: Reply[], token: (renewed: boolean) => Promise<string | null> = () => Promise.resolve('t')) {
  const calls: { url: string; init: RequestInit }[] = [];
  const door = new Rest({
    token,
    language: () => 'tr',
    wait: () => Promise.resolve(),
    newId: () => `id-${String(calls.length)}`,
    fetch: vi.fn((url: unknown, init?: RequestInit) => {
      calls.push({ url: url as string, init: init ?? {} });
      const reply = replies.shift() ?? new Error('no reply left');
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    }),
  });
  const bodies = (): unknown[] => calls.map((call) => JSON.parse(call.init.body as string) as unknown);
  return { door, calls, bodies };
}

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

it('repeats a POST that got no answer under the same client id', async () => {
  const { door, bodies } = rest([new TypeError('cut'), json(503, {}), json(200, { ok: 1 })]);
  await expect(door.post('/incidents/1/take')).resolves.toEqual({ ok: 1 });
  expect(bodies()).toEqual([{ client_id: 'id-0' }, { client_id: 'id-0' }, { client_id: 'id-0' }]);
});

it('does not repeat what the server refused', async () => {
  const { door, calls } = rest([json(409, { type: 'about:blank', slug: 'already_closed', title: 'Kapalı', detail: 'Olay kapandı.' })]);
  const fault = await door.post('/incidents/1/close').catch((f: unknown) => f);
  expect(fault).toBeInstanceOf(Problem);
  expect(fault).toMatchObject({ status: 409, slug: 'already_closed', message: 'Olay kapandı.' });
  expect(calls).toHaveLength(1);
});

it('renews a lapsed token once and never puts it in the address', async () => {
  const { door, calls } = rest([json(401, {}), json(200, [])], (renewed) => Promise.resolve(renewed ? 'new' : 'old'));
  await door.get('/teams');
  expect(calls.map((call) => (call.init.headers as Record<string, string>)['Authorization'])).toEqual(['Bearer old', 'Bearer new']);
  expect(calls.every((call) => !call.url.includes('old') && !call.url.includes('new'))).toBe(true);
});

it('says that no answer came when every try was cut', async () => {
  const { door } = rest([new TypeError('1'), new TypeError('2'), new TypeError('3'), new TypeError('4')]);
  await expect(door.get('/me')).rejects.toBeInstanceOf(NoAnswer);
});
