import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from '../map/palette';
import type { LonLat } from '../map/geometry';
import { Features, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

interface Way {
  readonly from: LonLat;
  readonly to: LonLat;
  readonly sure: boolean;
}

const ASKED = new Set(['offered', 'acknowledged', 'timed_out']);
const GOING = new Set(['accepted', 'en_route']);

/** From each team that was asked or is driving, straight to where it is needed. */
export class WaysLayer implements MapLayer<DeskView> {
  readonly name = 'ways';
  private drawn = new Map<string, Way>();
  private readonly features = new Features<Way>('ways', (_, way) => ({
    geometry: { type: 'LineString', coordinates: [[way.from.lon, way.from.lat], [way.to.lon, way.to.lat]] },
    properties: { sure: way.sure },
  }));

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    this.features.add(map);
    const line = { 'line-color': this.palette().route, 'line-width': 2 };
    map.addLayer({ id: 'ways-sure', type: 'line', source: 'ways', filter: ['get', 'sure'], paint: { ...line, 'line-opacity': 0.8 } });
    map.addLayer({ id: 'ways-asked', type: 'line', source: 'ways', filter: ['!', ['get', 'sure']], paint: { ...line, 'line-opacity': 0.5, 'line-dasharray': [2, 2] } });
  }

  update(map: MapLibre, view: DeskView): void {
    const next = new Map<string, Way>();
    for (const incident of view.desk.incidents.values()) {
      if (!incident.position) continue;
      for (const dispatch of incident.dispatches) {
        const sure = GOING.has(dispatch.state);
        const from = view.desk.teams.get(dispatch.team_id)?.position;
        if (!from || (!sure && !(ASKED.has(dispatch.state) && incident.id === view.selected))) continue;
        const before = this.drawn.get(dispatch.id);
        const same = before?.from === from && before.to === incident.position && before.sure === sure;
        next.set(dispatch.id, same ? before : { from, to: incident.position, sure });
      }
    }
    this.drawn = next;
    this.features.show(map, next);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['ways-sure', 'ways-asked']);
    this.features.remove(map);
  }
}
