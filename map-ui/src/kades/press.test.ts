import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NoAnswer, Problem } from '../wire/rest';
import { fixOf, isTcNo, PressLine, type Fix } from './press';

type Reply = Error | object;
const fix = (lat: number): Fix => ({ lon: 30, lat, accuracy_m: 5, fixed_at: '2026-03-01T09:00:00Z' });

function line(replies: (Reply | 'hang')[], last: Fix | null = null) {
  const sent: { path: string; body: Record<string, unknown> }[] = [];
  let n = 0;
  const made = new PressLine({
    send: (path, body, withinMs) => {
      sent.push({ path, body });
      const reply = replies.shift() ?? new NoAnswer('down');
      if (reply === 'hang') return new Promise((_, no) => setTimeout(() => { no(new NoAnswer('late')); }, withinMs));
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
    lastFix: () => last,
    onChange: () => undefined,
    newId: () => `c${String((n += 1))}`,
  });
  return { made, sent };
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

it('sends a press at once, without a fix where there is none', async () => {
  const { made, sent } = line([{ alert_id: 'a1', incident_id: 'i1' }]);
  made.ring('button');
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toMatchObject({ client_id: 'c1', position: null, trigger: 'button' });
  await vi.advanceTimersByTimeAsync(0);
  expect(made.press).toMatchObject({ alert_id: 'a1', stage: 'received' });
});

it('repeats the same press when no answer came within five seconds, and shows 112 from then on', async () => {
  const { made, sent } = line(['hang', 'hang', { alert_id: 'a1' }]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(4_900);
  expect(made.overdue).toBe(false);
  await vi.advanceTimersByTimeAsync(1_200);
  expect(made.overdue).toBe(true);
  expect(sent.map((one) => one.body['client_id'])).toEqual(['c1', 'c1']);
  await vi.advanceTimersByTimeAsync(7_000);
  expect(made.press?.alert_id).toBe('a1');
  expect(made.overdue).toBe(false);
});

it('goes on after a reload', async () => {
  line([]).made.ring('silent');
  await vi.advanceTimersByTimeAsync(0);
  const again = line([{ alert_id: 'a1' }]);
  await vi.advanceTimersByTimeAsync(0);
  expect(again.sent[0]?.body).toMatchObject({ client_id: 'c1', trigger: 'silent' });
  expect(again.made.press?.alert_id).toBe('a1');
});

it('shows 112 at once where the server does not know this phone, and still goes on trying', async () => {
  const { made, sent } = line([new Problem(401, 'not-signed-in', '', null)]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(10);
  expect(made.overdue).toBe(true);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(sent.length).toBeGreaterThan(1);
});

it('makes one call of two touches while the first has no answer, and a further press of a later one', async () => {
  const { made, sent } = line([new NoAnswer('x'), { alert_id: 'a1' }, { alert_id: 'a2' }]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(0);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(0);
  made.ring('button');
  expect(sent.map((one) => one.body['client_id'])).toEqual(['c1', 'c1', 'c2']);
});

it('keeps the trail of a dead spot and sends it in one batch, nothing lost', async () => {
  const { made, sent } = line([{ alert_id: 'a1' }, new NoAnswer('x'), {}]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(0);
  made.follow(fix(1));
  await vi.advanceTimersByTimeAsync(1_000);
  made.follow(fix(2));
  await vi.advanceTimersByTimeAsync(5_000);
  made.follow(fix(3));
  await vi.advanceTimersByTimeAsync(0);
  expect((sent.at(-1)?.body['positions'] as Fix[]).map((one) => one.lat)).toEqual([1, 2, 3]);
});

it('says after either code the same, and hears no later stage', async () => {
  const { made } = line([{ alert_id: 'a1' }, { stage: 'closed' }]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(0);
  await made.cancel('1234');
  made.hear('a1', 'team_on_the_way');
  expect(made.press?.stage).toBe('closed');
});

it('knows the check digits of a T.C. number', () => {
  // Made here from counting digits: 100000001 and its two check digits.
  expect(isTcNo('10000000146')).toBe(true);
  expect(isTcNo('10000000147')).toBe(false);
  expect(isTcNo('00000000000')).toBe(false);
});

it('passes on an unknown accuracy as unknown', () => {
  expect(fixOf({ coords: { longitude: 1, latitude: 2, accuracy: NaN }, timestamp: 0 } as unknown as GeolocationPosition).accuracy_m).toBeNull();
});

const kept = (n: number): object => ({ kept: n, faults: [], stage: 'closed' });

it('goes on telling where she is after a code and after "back", until the server keeps no point any more', async () => {
  const { made, sent } = line([{ alert_id: 'a1' }, kept(1), {}, kept(1), kept(0), kept(0), kept(0), kept(1)]);
  made.ring('button');
  await vi.advanceTimersByTimeAsync(0);
  const step = async (lat: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(5_000);
    made.follow(fix(lat));
    await vi.advanceTimersByTimeAsync(0);
  };
  await step(39.1);
  await made.cancel('1234');
  expect(made.press?.stage).toBe('closed');
  await step(39.2);
  made.leave();
  for (const lat of [39.3, 39.4, 39.5, 39.6, 39.7]) await step(lat);
  const trails = sent.filter((one) => one.path === '/kades/alerts/a1/positions');
  expect(trails).toHaveLength(5);
  expect(sent.map((one) => one.path)).not.toContain('/kades/alerts/null/positions');
});
