import type { Map as MapLibre } from 'maplibre-gl';
import { sector } from '../map/geometry';
import type { Palette } from '../map/palette';
import type { Camera } from '../wire/answers';
import { Features, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

const RUNNING = new Set(['online']);

/** KGYS cameras and what each of them sees; sectors only from near, where they can be told apart. */
export class CamerasLayer implements MapLayer<DeskView> {
  readonly name = 'cameras';
  private readonly sectors = new Features<Camera>('camera-sectors', (_, camera) => {
    const drawn = camera.sector ?? (camera.bearing_deg !== null && camera.fov_deg !== null && camera.range_m !== null
      ? sector(camera.position, camera.bearing_deg, camera.fov_deg, camera.range_m) : null);
    return drawn && { geometry: drawn, properties: {} };
  });
  private readonly feet = new Features<Camera>('cameras', (_, camera) => ({
    geometry: { type: 'Point', coordinates: [camera.position.lon, camera.position.lat] },
    properties: { name: camera.name, icon: RUNNING.has(camera.state) ? 'camera' : 'camera-off' },
  }));

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    const p = this.palette();
    this.sectors.add(map);
    this.feet.add(map);
    map.addLayer({ id: 'camera-sectors', type: 'fill', source: 'camera-sectors', minzoom: 13, paint: { 'fill-color': p.camera, 'fill-opacity': 0.14 } });
    map.addLayer({
      id: 'cameras', type: 'symbol', source: 'cameras', minzoom: 12,
      layout: { 'icon-image': ['get', 'icon'], 'icon-size': ['interpolate', ['linear'], ['zoom'], 12, 0.45, 15, 0.8], 'icon-allow-overlap': true },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    this.sectors.show(map, view.desk.cameras);
    this.feet.show(map, view.desk.cameras);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['cameras', 'camera-sectors']);
    this.feet.remove(map);
    this.sectors.remove(map);
  }
}
