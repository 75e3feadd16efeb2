import { expect, it } from 'vitest';
import { Features } from './layer';

const features = () =>
  new Features<{ at: number | null }>('s', (_, thing) => (thing.at === null ? null : { geometry: { type: 'Point', coordinates: [thing.at, 0] }, properties: { at: thing.at } }));

it('sends a thing once and again only when it changed', () => {
  const drawn = features();
  const a = { at: 1 };
  const b = { at: 2 };
  expect(drawn.diff([['a', a], ['b', b]])?.add.map((f) => f.properties?.['key'] as string)).toEqual(['a', 'b']);
  expect(drawn.diff([['a', a], ['b', b]])).toBeNull();
  expect(drawn.diff([['a', a], ['b', { at: 3 }]])).toMatchObject({ add: [{ properties: { key: 'b', at: 3 } }], remove: [] });
});

it('takes away what is gone and what can no longer be drawn', () => {
  const drawn = features();
  drawn.diff([['a', { at: 1 }], ['b', { at: 2 }]]);
  expect(drawn.diff([['b', { at: null }]])).toEqual({ add: [], remove: ['a', 'b'] });
});
