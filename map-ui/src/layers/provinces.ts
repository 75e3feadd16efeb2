import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from '../map/palette';
import { removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

const ARCHIVE = 'pmtiles:///basemap/turkiye.pmtiles';

/** The borders of the provinces this desk answers for, over whatever base map a site has configured. */
export class ProvincesLayer implements MapLayer<DeskView> {
  readonly name = 'provinces';
  private shown: readonly number[] = [];

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    map.addSource('own-provinces', { type: 'vector', url: ARCHIVE });
    map.addLayer({
      id: 'own-provinces', type: 'line', source: 'own-provinces', 'source-layer': 'province', filter: ['in', ['get', 'code'], ['literal', [...this.shown]]],
      paint: { 'line-color': this.palette().route, 'line-width': 2, 'line-opacity': 0.45 },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    if (view.provinces === this.shown) return;
    this.shown = view.provinces;
    if (map.getLayer('own-provinces')) map.setFilter('own-provinces', ['in', ['get', 'code'], ['literal', [...this.shown]]]);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['own-provinces']);
    if (map.getSource('own-provinces')) map.removeSource('own-provinces');
  }
}
