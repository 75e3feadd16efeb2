import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { CamerasLayer } from '../layers/cameras';
import { GatesLayer } from '../layers/gates';
import { IncidentsLayer } from '../layers/incidents';
import { ProvincesLayer } from '../layers/provinces';
import { TeamsLayer } from '../layers/teams';
import { TrailsLayer } from '../layers/trails';
import type { DeskView } from '../layers/view';
import { WaysLayer } from '../layers/ways';
import type { LonLat } from '../map/geometry';
import { LiveMap, type Bounds, type MapOptions } from '../map/map';
import { PALETTE, type Theme } from '../map/palette';
import type { Desk } from './desk';

export interface MapHandle {
  readonly fly: (to: LonLat) => void;
}

export interface MapPaneProps {
  readonly desk: Desk;
  readonly theme: Theme;
  readonly selected: string | null;
  readonly aiming: boolean;
  readonly onIncident: (id: string) => void;
  readonly onTeam: (id: string) => void;
  readonly onGround: (at: LonLat) => void;
  readonly onBare: () => void;
  readonly handle: { current: MapHandle | null };
}

// Ages change the look of a team only in steps of ten seconds; finer would redraw the map for nothing.
const AGE_STEP_MS = 10_000;
/** Ankara, until the server says where this desk is. */
const MIDDLE: LonLat = { lon: 32.86, lat: 39.93 };

/** Null where the browser cannot draw maps at all: the list, the sound and every act work without. */
function build(options: MapOptions<DeskView>): LiveMap<DeskView> | null {
  try {
    return new LiveMap<DeskView>(options);
  } catch {
    return null;
  }
}

export function MapPane(props: MapPaneProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const live = useRef<LiveMap<DeskView> | null>(null);
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
    if (!box.current) return undefined;
    const map = build({
      container: box.current,
      theme: props.theme,
      styles: { day: props.desk.config.map.style_day, night: props.desk.config.map.style_night },
      centre: props.desk.me?.centre ?? MIDDLE,
      zoom: props.desk.me?.centre ? 11.5 : 5.5,
      layers: (palette) => [
        new ProvincesLayer(palette), new CamerasLayer(palette), new GatesLayer(palette), new TrailsLayer(palette), new WaysLayer(palette),
        new IncidentsLayer(palette), new TeamsLayer(palette),
      ],
      pickable: ['incidents', 'teams'],
      onPick: (layer, key) => {
        if (layer === 'teams') now.current.onTeam(key);
        else now.current.onIncident(key);
      },
      onGround: (at) => {
        now.current.onGround(at);
      },
      onViewport: (bounds: Bounds) => {
        now.current.desk.setBounds(bounds);
      },
      onBare: () => {
        now.current.onBare();
      },
    });
    if (!map) {
      props.onBare();
      return undefined;
    }
    live.current = map;
    props.handle.current = { fly: (to) => { map.fly(to); } };
    props.desk.setBounds(map.bounds());
    const show = (): void => {
      const { desk, selected, theme } = now.current;
      const serverNow = Math.floor(desk.clock.now() / AGE_STEP_MS) * AGE_STEP_MS;
      map.show({ desk: desk.store.state, selected, now: serverNow, palette: PALETTE[theme], provinces: desk.me?.provinces ?? [] });
    };
    const drop = props.desk.store.subscribe(show);
    const timer = setInterval(show, AGE_STEP_MS);
    show();
    return () => {
      drop();
      clearInterval(timer);
      map.remove();
      live.current = null;
    };
  }, [props.desk]);

  useEffect(() => {
    live.current?.setTheme(props.theme);
  }, [props.theme]);
  useEffect(() => {
    live.current?.aim(props.aiming);
  }, [props.aiming]);
  useEffect(() => {
    const serverNow = Math.floor(props.desk.clock.now() / AGE_STEP_MS) * AGE_STEP_MS;
    live.current?.show({ desk: props.desk.store.state, selected: props.selected, now: serverNow, palette: PALETTE[props.theme], provinces: props.desk.me?.provinces ?? [] });
  }, [props.selected, props.theme]);

  return <div class="map" ref={box} data-testid="map" />;
}
