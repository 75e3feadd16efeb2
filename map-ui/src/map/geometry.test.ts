import { expect, it } from 'vitest';
import { away, bearingDeg, disc, distanceM, sector, wind } from './geometry';

const here = { lon: 30.52, lat: 39.776 };

it('measures a degree of latitude as 111 km and one of longitude shorter', () => {
  expect(distanceM(here, { ...here, lat: 40.776 })).toBeCloseTo(111_195, -2);
  expect(distanceM(here, { ...here, lon: 31.52 })).toBeCloseTo(85_450, -2);
});
it('comes back to where it went', () => {
  const there = away(here, 137, 2_500);
  expect(distanceM(here, there)).toBeCloseTo(2_500, 3);
  expect(bearingDeg(here, there)).toBeCloseTo(137, 1);
});
it('draws a disc of true metres, closed', () => {
  const [ring] = disc(here, 300).coordinates;
  expect(ring?.[0]).toEqual(ring?.at(-1));
  for (const [lon = 0, lat = 0] of ring ?? []) expect(distanceM(here, { lon, lat })).toBeCloseTo(300, 3);
});
it('draws a camera sector from its foot', () => {
  const [ring] = sector(here, 90, 60, 80).coordinates;
  expect(ring?.[0]).toEqual([here.lon, here.lat]);
  expect(bearingDeg(here, { lon: ring?.[1]?.[0] ?? 0, lat: ring?.[1]?.[1] ?? 0 })).toBeCloseTo(60, 1);
});
it('says directions as the radio does', () => {
  expect([wind(0, 'tr'), wind(91, 'tr'), wind(359, 'tr'), wind(225, 'en')]).toEqual(['K', 'D', 'K', 'SW']);
});
