import { expect, it } from 'vitest';
import { KEYS, keyOf } from './keys';

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  keyOf({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, target: document.body, ...more });

it('knows its keys in either case and on a Turkish keyboard', () => {
  expect([press('t'), press('T'), press('?'), press('ArrowDown'), press('İ')]).toEqual(['take', 'take', 'help', 'next', null]);
});
it('hears nothing but Escape while somebody types', () => {
  const target = document.createElement('textarea');
  expect(press('d', { target })).toBeNull();
  expect(press('Escape', { target })).toBe('escape');
});
it("leaves the browser's own shortcuts alone", () => {
  expect(press('t', { ctrlKey: true })).toBeNull();
});
it('does not act twice while a key is held down', () => {
  expect(press('d', { repeat: true })).toBeNull();
  expect(press('j', { repeat: true })).toBe('next');
});
it('gives no key two meanings', () => {
  const all = Object.values(KEYS).flatMap((one) => [...one.keys]);
  expect(new Set(all).size).toBe(all.length);
});
