import { expect, it } from 'vitest';
import { ServerClock } from './clock';

it('is the local clock until a frame was heard', () => {
  expect(new ServerClock(() => 5).now()).toBe(5);
});

it('believes the freshest frame and not one that was replayed', () => {
  let local = 1_000_000;
  const clock = new ServerClock(() => local);
  clock.hear(new Date(local + 60_000 - 80).toISOString());
  local += 1_000;
  clock.hear(new Date(local + 60_000 - 3_600_000).toISOString());
  expect(clock.offset()).toBe(60_000 - 80);
});

it('follows a local clock that was set while the page was open', () => {
  let local = 1_000_000;
  const clock = new ServerClock(() => local, 30_000);
  clock.hear(new Date(1_000_000).toISOString());
  local += 600_000;
  clock.hear(new Date(1_010_000).toISOString());
  expect(clock.now()).toBe(1_010_000);
});

it('ignores a time it cannot read', () => {
  const clock = new ServerClock(() => 7);
  clock.hear('yesterday');
  expect(clock.offset()).toBe(0);
});
