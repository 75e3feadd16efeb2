import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from '../map/palette';
import { STALE_AFTER_MS, type Team } from '../state/desk';
import { fixedAt } from '../wire/frames';
import { Features, FONT, removeLayers, type MapLayer } from './layer';
import type { DeskView } from './view';

/** Free, on a dispatch, or not to be had. */
export function teamLook(team: Pick<Team, 'roster' | 'free' | 'dispatch_id'>): 'free' | 'engaged' | 'away' {
  if (team.free) return 'free';
  return team.dispatch_id !== null || team.roster === 'available' ? 'engaged' : 'away';
}

export function isStale(team: Team, now: number): boolean {
  return team.stale || team.position === null || now - fixedAt(team.position) > STALE_AFTER_MS;
}

interface Drawn {
  readonly team: Team;
  readonly stale: boolean;
}

export class TeamsLayer implements MapLayer<DeskView> {
  readonly name = 'teams';
  private drawn = new Map<string, Drawn>();
  private readonly features = new Features<Drawn>('teams', (_, { team, stale }) => {
    if (!team.position) return null;
    const moving = team.heading_deg !== null && (team.speed_mps ?? 1) > 0.5;
    return {
      geometry: { type: 'Point', coordinates: [team.position.lon, team.position.lat] },
      properties: { code: team.code, icon: `team-${teamLook(team)}${moving ? '' : '-still'}`, heading: moving ? team.heading_deg : 0, stale },
    };
  });

  constructor(private readonly palette: () => Palette) {}

  add(map: MapLibre): void {
    this.features.add(map);
    map.addLayer({
      id: 'teams',
      type: 'symbol',
      source: 'teams',
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.6, 13, 0.95],
        'text-field': ['step', ['zoom'], '', 11, ['get', 'code']],
        'text-font': FONT,
        'text-size': 11,
        'text-offset': [0, 1.35],
        'text-optional': true,
      },
      paint: {
        // A stale position is drawn pale, never left out: with the gateway down all are stale and somebody must still go.
        'icon-opacity': ['case', ['get', 'stale'], 0.42, 1],
        'text-opacity': ['case', ['get', 'stale'], 0.55, 1],
        'text-color': this.palette().ink,
        'text-halo-color': this.palette().halo,
        'text-halo-width': 1.4,
      },
    });
  }

  update(map: MapLibre, view: DeskView): void {
    const next = new Map<string, Drawn>();
    for (const [id, team] of view.desk.teams) {
      const stale = isStale(team, view.now);
      const before = this.drawn.get(id);
      next.set(id, before?.team === team && before.stale === stale ? before : { team, stale });
    }
    this.drawn = next;
    this.features.show(map, next);
  }

  remove(map: MapLibre): void {
    removeLayers(map, ['teams']);
    this.features.remove(map);
  }
}
