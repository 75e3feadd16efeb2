import type { Polygon } from 'geojson';

export interface LonLat {
  readonly lon: number;
  readonly lat: number;
}

const EARTH_M = 6_371_008.8;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;
const deg = (radians: number): number => (radians * 180) / Math.PI;

/** Great-circle distance in metres. */
export function distanceM(a: LonLat, b: LonLat): number {
  const h = Math.sin(rad(b.lat - a.lat) / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(rad(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Initial bearing from a to b, degrees clockwise from north, 0 … 360. */
export function bearingDeg(a: LonLat, b: LonLat): number {
  const d = rad(b.lon - a.lon);
  const y = Math.sin(d) * Math.cos(rad(b.lat));
  const x = Math.cos(rad(a.lat)) * Math.sin(rad(b.lat)) - Math.sin(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.cos(d);
  return (deg(Math.atan2(y, x)) + 360) % 360;
}

/** The point `metres` away in direction `bearing`. */
export function away(from: LonLat, bearing: number, metres: number): LonLat {
  const d = metres / EARTH_M;
  const lat = Math.asin(Math.sin(rad(from.lat)) * Math.cos(d) + Math.cos(rad(from.lat)) * Math.sin(d) * Math.cos(rad(bearing)));
  const lon = rad(from.lon) + Math.atan2(Math.sin(rad(bearing)) * Math.sin(d) * Math.cos(rad(from.lat)), Math.cos(d) - Math.sin(rad(from.lat)) * Math.sin(lat));
  return { lon: deg(lon), lat: deg(lat) };
}

/** A disc of true metres, as MapLibre's circles are in pixels. */
export function disc(centre: LonLat, radiusM: number, corners = 48): Polygon {
  return ring(Array.from({ length: corners }, (_, i) => away(centre, (i * 360) / corners, radiusM)));
}

/** What a camera sees: a slice from its foot. A field of 360° or more is a disc. */
export function sector(foot: LonLat, bearing: number, fieldDeg: number, rangeM: number): Polygon {
  if (fieldDeg >= 360) return disc(foot, rangeM);
  const steps = Math.max(4, Math.ceil(fieldDeg / 6));
  const arc = Array.from({ length: steps + 1 }, (_, i) => away(foot, bearing - fieldDeg / 2 + (fieldDeg * i) / steps, rangeM));
  return ring([foot, ...arc]);
}

function ring(points: readonly LonLat[]): Polygon {
  const closed = [...points, ...points.slice(0, 1)];
  return { type: 'Polygon', coordinates: [closed.map((p) => [p.lon, p.lat])] };
}

const WINDS_TR = ['K', 'KD', 'D', 'GD', 'G', 'GB', 'B', 'KB'];
const WINDS_EN = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];

/** A direction as it is said on the radio. */
export function wind(bearing: number, language: 'tr' | 'en'): string {
  return (language === 'tr' ? WINDS_TR : WINDS_EN)[Math.round(bearing / 45) % 8] ?? '';
}
