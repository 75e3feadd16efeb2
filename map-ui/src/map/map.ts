import 'maplibre-gl/dist/maplibre-gl.css';
import { addProtocol, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { Protocol } from 'pmtiles';
import type { MapLayer } from '../layers/layer';
import { addIcons } from './icons';
import type { LonLat } from './geometry';
import { PALETTE, type Palette, type Theme } from './palette';

// `vite build` does not find the worker by itself, and a blob: worker would break the content security policy.
setWorkerUrl(workerUrl);
addProtocol('pmtiles', new Protocol().tile);

export type Bounds = [west: number, south: number, east: number, north: number];

export interface MapOptions<View> {
  readonly container: HTMLElement;
  readonly theme: Theme;
  /** Where a site's base map styles lie. */
  readonly styles: Record<Theme, string>;
  readonly centre: LonLat;
  readonly zoom: number;
  readonly layers: (palette: () => Palette) => readonly MapLayer<View>[];
  /** Map layers whose features can be picked, topmost first. */
  readonly pickable: readonly string[];
  readonly onPick: (layer: string, key: string) => void;
  readonly onGround: (at: LonLat) => void;
  readonly onViewport: (bounds: Bounds) => void;
  /** The base map did not load; things are still drawn, on bare ground. */
  readonly onBare: () => void;
}

// Four pictures a second: positions come once a second a team, and software rendering on a console without a GPU takes
// a quarter of a second for a large change.
const DRAW_EVERY_MS = 250;
const ASK_AGAIN_MS = 20_000;

/** The map and what is drawn on it. Layers survive a change of the base style. */
export class LiveMap<View> {
  readonly map: MapLibre;
  private readonly layers: readonly MapLayer<View>[];
  private view: View | null = null;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private ready = false;
  private again: ReturnType<typeof setTimeout> | undefined;
  private theme: Theme;

  constructor(private readonly options: MapOptions<View>) {
    this.theme = options.theme;
    this.layers = options.layers(() => PALETTE[this.theme]);
    this.map = new MapLibre({
      container: options.container,
      style: bareStyle(this.theme),
      center: [options.centre.lon, options.centre.lat],
      zoom: options.zoom,
      attributionControl: { compact: true },
      // Labels appear at once: a fade repaints the whole map for a third of a second after every change.
      fadeDuration: 0,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 19,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), 'bottom-right');
    this.map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-left');
    this.map.on('style.load', () => {
      this.dress();
    });
    this.map.on('error', (event) => {
      this.fail(event.error);
    });
    this.map.on('moveend', () => {
      this.options.onViewport(this.bounds());
    });
    this.map.on('click', (event) => {
      this.pick(event.point, { lon: event.lngLat.lng, lat: event.lngLat.lat });
    });
    void this.useStyle();
  }

  show(view: View): void {
    this.view = view;
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      this.draw();
    }, DRAW_EVERY_MS);
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    void this.useStyle();
  }

  fly(to: LonLat, zoom = 13.6): void {
    // A place is shown in the middle of what the panels leave free of the map.
    const width = this.map.getContainer().clientWidth;
    const offset: [number, number] = width > 1000 ? [-28, 0] : [0, -this.map.getContainer().clientHeight * 0.1];
    this.map.easeTo({ center: [to.lon, to.lat], zoom: Math.max(this.map.getZoom(), zoom), duration: 600, offset });
  }

  bounds(): Bounds {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }

  /** While something must be shown on the map by a click, the pointer says so. */
  aim(on: boolean): void {
    this.map.getCanvas().style.cursor = on ? 'crosshair' : '';
  }

  remove(): void {
    clearTimeout(this.drawing);
    clearTimeout(this.again);
    this.map.remove();
  }

  /** Part of the base map did not come: said once, and asked for again, since MapLibre itself never does. */
  private fail(error: { readonly name?: string; readonly message: string }): void {
    if (error.name === 'AbortError' || this.again !== undefined) return;
    console.warn(`map: ${error.message}`);
    this.options.onBare();
    this.again = setTimeout(() => {
      this.again = undefined;
      void this.useStyle();
    }, ASK_AGAIN_MS);
  }

  private async useStyle(): Promise<void> {
    const theme = this.theme;
    let style: StyleSpecification;
    try {
      const answer = await fetch(this.options.styles[theme]);
      if (!answer.ok) throw new Error(`style ${String(answer.status)}`);
      style = (await answer.json()) as StyleSpecification;
    } catch {
      style = bareStyle(theme);
      this.options.onBare();
    }
    if (theme !== this.theme) return;
    this.ready = false;
    this.map.setStyle(style, { diff: false });
  }

  private dress(): void {
    addIcons(this.map, PALETTE[this.theme]);
    for (const layer of this.layers) layer.add(this.map);
    this.ready = true;
    this.options.container.dataset['dressed'] = this.theme;
    this.draw();
  }

  private draw(): void {
    if (!this.ready || this.view === null) return;
    for (const layer of this.layers) layer.update(this.map, this.view);
  }

  private pick(point: { readonly x: number; readonly y: number }, at: LonLat): void {
    const reach = 8;
    const layers = this.options.pickable.filter((id) => this.map.getLayer(id));
    const box: [[number, number], [number, number]] = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
    const found = this.map.queryRenderedFeatures(box, { layers });
    for (const id of layers) {
      const feature = found.find((one) => one.layer.id === id);
      if (feature) {
        this.options.onPick(id, String(feature.properties['key']));
        return;
      }
    }
    this.options.onGround(at);
  }
}

function bareStyle(theme: Theme): StyleSpecification {
  const ground = theme === 'night' ? '#0f1622' : '#eef1f5';
  return { version: 8, sources: {}, layers: [{ id: 'ground', type: 'background', paint: { 'background-color': ground } }] };
}
