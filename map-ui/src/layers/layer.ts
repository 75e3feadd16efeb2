import type { Feature, Geometry } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';

/** One thing drawn on the map. It brings its own source and layers and takes them away again, and knows no other layer. */
export interface MapLayer<View> {
  readonly name: string;
  /** Add source and layers; called again whenever the base style was changed under us. */
  add(map: MapLibre): void;
  update(map: MapLibre, view: View): void;
  remove(map: MapLibre): void;
}

export interface Diff {
  readonly add: Feature[];
  readonly remove: string[];
}

/**
 * Keeps a GeoJSON source equal to a set of things by sending only what changed.
 *
 * Things are compared by identity: the reducer makes a new object exactly when something changed, so an unchanged thing
 * costs one map look-up and nothing on the GPU.
 */
export class Features<T> {
  private shown = new Map<string, T>();

  constructor(
    readonly source: string,
    private readonly draw: (key: string, thing: T) => { readonly geometry: Geometry; readonly properties: Record<string, unknown> } | null,
  ) {}

  add(map: MapLibre): void {
    this.shown = new Map();
    map.addSource(this.source, { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'key' });
  }

  remove(map: MapLibre): void {
    this.shown = new Map();
    if (map.getSource(this.source)) map.removeSource(this.source);
  }

  /** What to send to make the source show `things`, or null when it already does. */
  diff(things: Iterable<readonly [string, T]>): Diff | null {
    const next = new Map<string, T>();
    const add: Feature[] = [];
    const remove: string[] = [];
    for (const [key, thing] of things) {
      const drawn = this.shown.get(key) === thing ? null : this.draw(key, thing);
      if (this.shown.get(key) === thing) next.set(key, thing);
      else if (drawn) {
        next.set(key, thing);
        add.push({ type: 'Feature', geometry: drawn.geometry, properties: { ...drawn.properties, key } });
      }
    }
    for (const key of this.shown.keys()) if (!next.has(key)) remove.push(key);
    this.shown = next;
    return add.length > 0 || remove.length > 0 ? { add, remove } : null;
  }

  show(map: MapLibre, things: Iterable<readonly [string, T]>): void {
    const source = map.getSource<GeoJSONSource>(this.source);
    if (!source) return;
    const diff = this.diff(things);
    if (diff) void source.updateData(diff);
  }
}

export function removeLayers(map: MapLibre, ids: readonly string[]): void {
  for (const id of ids) if (map.getLayer(id)) map.removeLayer(id);
}

/** Fonts of the page itself: MapLibre draws labels with them where the style names no glyph files. */
export const FONT = ['Inter Variable'];
