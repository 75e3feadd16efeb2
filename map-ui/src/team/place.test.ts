import { expect, it } from 'vitest';
import { reportOf, Track, type Report } from './place';

const report = (lat: number): Report => ({ lon: 30, lat, accuracy_m: 5, fixed_at: '2026-03-01T09:00:00Z', heading_deg: null, speed_mps: null });

it('says nothing of heading and speed where the phone knows none', () => {
  const fix = { coords: { longitude: 30.5, latitude: 39.7, accuracy: 12, heading: NaN, speed: null }, timestamp: 0 } as unknown as GeolocationPosition;
  expect(reportOf(fix)).toEqual({ lon: 30.5, lat: 39.7, accuracy_m: 12, fixed_at: '1970-01-01T00:00:00.000Z', heading_deg: null, speed_mps: null });
});

it('sends at a pace and keeps a thinned track while the line is down', () => {
  let now = 10_000;
  let up = true;
  const sent: Report[] = [];
  const track = new Track((one) => {
    if (up) sent.push(one);
    return up;
  }, () => now);
  for (let i = 0; i < 10; i += 1, now += 1_000) track.take(report(i));
  expect(sent.map((one) => one.lat)).toEqual([0, 3, 6, 9]);
  up = false;
  for (let i = 10; i < 40; i += 1, now += 1_000) track.take(report(i));
  const kept = track.drain();
  expect(kept.length).toBeGreaterThanOrEqual(2);
  expect(kept.length).toBeLessThanOrEqual(4);
  expect(track.drain()).toEqual([]);
});
