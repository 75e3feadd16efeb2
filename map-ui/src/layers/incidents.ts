import type { Map as MapLibre } from 'maplibre-gl';
import { disc } from '../map/geometry';
import type { Palette } from '../map/palette';
import { isOpen, isUntaken } from '../state/order';
import type { Incident } from '../wire/frames';
import { Features, FONT, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

interface Drawn {
  readonly incident: Incident;
  readonly selected: boolean;
}

const KNOWN = new Set(['kades', 'pts', 'phone', 'team_panic']);

export function incidentIcon(incident: Pick<Incident, 'drill' | 'source'>): string {
  if (incident.drill) return 'incident-drill';
  return `incident-${KNOWN.has(incident.source) ? incident.source : 'phone'}`;
}

/** Where it happens, how sure that is (a disc of true metres), and whether anybody has it. */
export class IncidentsLayer implements MapLayer<DeskView> {
  readonly name = 'incidents';
  private drawn = new Map<string, Drawn>();
  private readonly discs = new Features<Drawn>('incident-discs', (_, { incident }) => {
    const at = incident.position;
    if (!at?.accuracy_m || at.accuracy_m < 5) return null;
    return { geometry: disc(at, at.accuracy_m), properties: { source: incident.source, last_known: incident.position_kind === 'last_known' } };
  });
  private readonly points = new Features<Drawn>('incidents', (_, { incident, selected }) =>
    incident.position && {
      geometry: { type: 'Point', coordinates: [incident.position.lon, incident.position.lat] },
      properties: {
        icon: incidentIcon(incident), label: incident.drill ? `TATBİKAT ${incident.olay_no.slice(-6)}` : incident.olay_no.slice(-6),
        selected, unowned: isUntaken(incident), order: -incident.priority, last_known: incident.position_kind === 'last_known',
      },
    });

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    const p = this.palette();
    this.discs.add(map);
    this.points.add(map);
    const tint = ['match', ['get', 'source'], 'pts', p.hit, 'phone', p.call, p.panic] as unknown as string;
    map.addLayer({ id: 'incident-discs', type: 'fill', source: 'incident-discs', paint: { 'fill-color': tint, 'fill-opacity': 0.13 } });
    map.addLayer({ id: 'incident-disc-edges', type: 'line', source: 'incident-discs', paint: { 'line-color': tint, 'line-width': 1.2, 'line-opacity': 0.6, 'line-dasharray': [3, 2] } });
    map.addLayer({
      id: 'incident-rings', type: 'circle', source: 'incidents', filter: ['any', ['get', 'selected'], ['get', 'unowned']],
      paint: {
        'circle-radius': ['case', ['get', 'selected'], 22, 18], 'circle-color': p.panic, 'circle-opacity': ['case', ['get', 'selected'], 0.08, 0.16],
        'circle-stroke-width': ['case', ['get', 'selected'], 3, 1], 'circle-stroke-color': ['case', ['get', 'selected'], p.ink, p.panic],
      },
    });
    map.addLayer({
      id: 'incidents', type: 'symbol', source: 'incidents',
      layout: {
        'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'symbol-sort-key': ['get', 'order'], 'text-field': ['step', ['zoom'], '', 10, ['get', 'label']],
        'text-font': FONT, 'text-size': 11, 'text-offset': [0, 1.5], 'text-optional': true,
      },
      paint: { 'icon-opacity': ['case', ['get', 'last_known'], 0.6, 1], 'text-color': p.ink, 'text-halo-color': p.halo, 'text-halo-width': 1.4 },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    const next = new Map<string, Drawn>();
    for (const [id, incident] of view.desk.incidents) {
      if (!isOpen(incident) && id !== view.selected) continue;
      const selected = id === view.selected;
      const before = this.drawn.get(id);
      next.set(id, before?.incident === incident && before.selected === selected ? before : { incident, selected });
    }
    this.drawn = next;
    this.discs.show(map, next);
    this.points.show(map, next);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['incidents', 'incident-rings', 'incident-disc-edges', 'incident-discs']);
    this.points.remove(map);
    this.discs.remove(map);
  }
}
