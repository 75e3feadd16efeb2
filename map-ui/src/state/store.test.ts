import { expect, it } from 'vitest';
import { Store } from './store';

function store(mergeKey: (change: string) => string | null = () => null) {
  const runs: (() => void)[] = [];
  const made = new Store<string, string>('', (state, changes) => state + changes.join(''), mergeKey, (run) => runs.push(run));
  return { made, runs };
}

it('folds a burst into one change of state per frame', () => {
  const { made, runs } = store();
  let told = 0;
  made.subscribe(() => (told += 1));
  for (const change of 'abc') made.push(change);
  expect(runs).toHaveLength(1);
  runs[0]?.();
  expect([made.state, told]).toEqual(['abc', 1]);
});

it('keeps of one moving thing only the newest, where it arrived', () => {
  const { made, runs } = store((change) => (change.startsWith('m') ? 'm' : null));
  for (const change of ['m1', 'x', 'm2']) made.push(change);
  runs[0]?.();
  expect(made.state).toBe('xm2');
});
