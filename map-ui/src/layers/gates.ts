import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from '../map/palette';
import type { Gate } from '../wire/answers';
import { Features, FONT, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

/** Plate reading gates. */
export class GatesLayer implements MapLayer<DeskView> {
  readonly name = 'gates';
  private readonly features = new Features<Gate>('gates', (_, gate) => ({
    geometry: { type: 'Point', coordinates: [gate.position.lon, gate.position.lat] },
    properties: { name: gate.name },
  }));

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    const p = this.palette();
    this.features.add(map);
    map.addLayer({
      id: 'gates', type: 'symbol', source: 'gates', minzoom: 9,
      layout: {
        'icon-image': 'gate', 'icon-size': 0.6, 'icon-allow-overlap': true, 'text-field': ['step', ['zoom'], '', 12.5, ['get', 'name']], 'text-font': FONT,
        'text-size': 11, 'text-offset': [0, 1.2], 'text-optional': true,
      },
      paint: { 'text-color': p.ink, 'text-halo-color': p.halo, 'text-halo-width': 1.4 },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    this.features.show(map, view.desk.gates);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['gates']);
    this.features.remove(map);
  }
}
