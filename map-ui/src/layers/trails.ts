import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from '../map/palette';
import type { Trail } from '../state/desk';
import { Features, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

/** Where a caller's phone has been since the press. */
export class TrailsLayer implements MapLayer<DeskView> {
  readonly name = 'trails';
  private readonly features = new Features<Trail>('trails', (_, trail) =>
    trail.length < 2 ? null : { geometry: { type: 'LineString', coordinates: trail.map((point) => [point.lon, point.lat]) }, properties: {} });

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    this.features.add(map);
    map.addLayer({
      id: 'trails', type: 'line', source: 'trails', layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': this.palette().panic, 'line-width': 3, 'line-opacity': 0.75 },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    this.features.show(map, view.desk.trails);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['trails']);
    this.features.remove(map);
  }
}
