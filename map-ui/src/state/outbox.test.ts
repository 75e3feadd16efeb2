import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NoAnswer, Problem } from '../wire/rest';
import { Outbox } from './outbox';

type Reply = Error | object;

function outbox(replies: Reply[], key = 'box') {
  const sent: Record<string, unknown>[] = [];
  const answers: unknown[] = [];
  let n = 0;
  const box = new Outbox({
    key,
    send: (path, body) => {
      sent.push({ path, ...body });
      const reply = replies.shift() ?? new NoAnswer('down');
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
    onChange: () => undefined,
    onAnswer: (_, answer) => answers.push(answer),
    newId: () => `c${String((n += 1))}`,
  });
  return { box, sent, answers };
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

it('repeats an act under the same client id until it is answered', async () => {
  const { box, sent, answers } = outbox([new NoAnswer('down'), new NoAnswer('down'), { ok: 1 }]);
  box.add('d1', '/dispatches/d1/status', { state: 'accepted' });
  await vi.advanceTimersByTimeAsync(0);
  expect(box.about('d1')).toMatchObject({ tries: 1, refused: null });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.map((one) => one['client_id'])).toEqual(['c1', 'c1', 'c1']);
  expect(answers).toEqual([{ ok: 1 }]);
  expect(box.items).toEqual([]);
});

it('keeps the order of what was done: nothing overtakes what waits', async () => {
  const { box, sent } = outbox([new NoAnswer('down'), {}, {}]);
  box.add('d1', '/s', { state: 'on_scene' });
  box.add('d1', '/s', { state: 'clear' });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.map((one) => one['state'])).toEqual(['on_scene', 'on_scene', 'clear']);
});

it('survives a reload', async () => {
  const first = outbox([]);
  first.box.add('d1', '/s', { state: 'accepted' });
  await vi.advanceTimersByTimeAsync(0);
  const second = outbox([{}]);
  expect(second.box.items).toHaveLength(1);
  await second.box.kick();
  expect(second.sent[0]).toMatchObject({ client_id: 'c1', state: 'accepted' });
  expect(second.box.items).toEqual([]);
});

it("shows the server's no and goes on with the next", async () => {
  const { box, sent } = outbox([new Problem(409, 'covered', 'Olmadı', 'Başka ekip gidiyor.'), {}]);
  box.add('d1', '/s', { state: 'accepted' });
  box.add('d2', '/s', { state: 'accepted' });
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toHaveLength(2);
  expect(box.about('d1')?.refused).toBe('Başka ekip gidiyor.');
  expect(box.about('d2')).toBeNull();
});

it('never waits longer than five seconds between two tries', async () => {
  const { box, sent } = outbox([]);
  box.add('panic', '/teams/panic', {});
  await vi.advanceTimersByTimeAsync(60_000);
  const before = sent.length;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent.length).toBeGreaterThan(before);
});
