import { expect, it } from 'vitest';
import type { Tone } from '../state/order';
import { samplesOf } from './tones';

const TONES: readonly Tone[] = ['panic', 'kades', 'alarm', 'pts', 'call'];

it.each(TONES)('makes %s loud enough, without clipping and without a click at the seam of the loop', (tone) => {
  const samples = samplesOf(tone, 8_000);
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(loudest).toBeGreaterThan(0.4);
  expect(loudest).toBeLessThan(1);
  expect(Math.abs((samples.at(-1) ?? 1) - (samples[0] ?? 1))).toBeLessThan(0.05);
});

it('repeats the more urgent sooner', () => {
  const lengths = TONES.map((tone) => samplesOf(tone, 8_000).length);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
});
