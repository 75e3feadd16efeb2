export type Theme = 'day' | 'night';

/** Colours of things on the map; the base style brings its own. Kept apart in brightness too, not in hue alone. */
export interface Palette {
  readonly free: string;
  readonly engaged: string;
  readonly away: string;
  readonly panic: string;
  readonly hit: string;
  readonly call: string;
  readonly drill: string;
  readonly closed: string;
  readonly camera: string;
  readonly gate: string;
  readonly ink: string;
  readonly halo: string;
  readonly route: string;
}

export const PALETTE: Record<Theme, Palette> = {
  day: {
    free: '#12805c', engaged: '#1f5fd0', away: '#6d7686', panic: '#d3243b', hit: '#b35900', call: '#6b3fd4', drill: '#8a7a00',
    closed: '#8a93a3', camera: '#3d6b99', gate: '#7a4d1e', ink: '#16202f', halo: '#ffffff', route: '#1f5fd0',
  },
  night: {
    free: '#3ddc97', engaged: '#5aa2ff', away: '#8793a8', panic: '#ff5566', hit: '#ffab40', call: '#b79bff', drill: '#f2dc5d',
    closed: '#667085', camera: '#7fb2e5', gate: '#d8a26a', ink: '#e8edf6', halo: '#0c121c', route: '#5aa2ff',
  },
};
