import { useEffect, useRef, useState } from 'preact/hooks';
import type { LonLat } from '../map/geometry';
import { hitOf } from '../state/desk';
import type { Row } from '../state/order';
import { faultText } from '../ui/parts';
import type { DeskAlarm, Incident } from '../wire/frames';
import { HIT_VERDICTS, sendOne, VERDICTS, type Acts } from './acts';
import type { Desk } from './desk';
import type { Form } from './Detail';
import { keyOf, type KeyName } from './keys';
import type { MapHandle } from './MapPane';

export type Aim = 'place' | 're-route' | null;

/** What one console has open just now. Nothing of it is worth keeping over a reload. */
export interface Room {
  readonly selected: string | null;
  readonly team: string | null;
  readonly form: Form;
  readonly aim: Aim;
  readonly drafting: boolean;
  readonly place: LonLat | null;
  readonly help: boolean;
}

const CLEAN: Room = { selected: null, team: null, form: null, aim: null, drafting: false, place: null, help: false };

export interface Seat {
  readonly room: Room;
  readonly map: { current: MapHandle | null };
  readonly set: (change: Partial<Room>) => void;
  readonly select: (id: string) => void;
  readonly attempt: (what: () => Promise<unknown>) => void;
}

export function useSeat(desk: Desk): Seat {
  const [room, setRoom] = useState<Room>(CLEAN);
  const map = useRef<MapHandle | null>(null);
  const set = (change: Partial<Room>): void => {
    setRoom((before) => ({ ...before, ...change }));
  };
  return {
    room, map, set,
    select: (id) => {
      set({ selected: id, form: null, drafting: false, aim: null });
      const at = desk.store.state.incidents.get(id)?.position;
      if (at) map.current?.fly(at);
    },
    attempt: (what) => {
      what().catch((problem: unknown) => {
        const said = faultText(problem);
        desk.store.push({ kind: 'notice', text: [said, said] });
      });
    },
  };
}

export interface Scene {
  readonly desk: Desk;
  readonly acts: Acts;
  readonly incident: Incident | null;
  readonly rows: readonly Row[];
  readonly alarms: readonly DeskAlarm[];
  readonly dispatching: boolean;
  readonly evaluating: boolean;
}

/** The most urgent thing that can be taken back, one step per press of Escape. */
function stepBack(room: Room): Partial<Room> {
  if (room.help) return { help: false };
  if (room.aim !== null) return { aim: null };
  if (room.form !== null) return { form: null };
  if (room.drafting) return { drafting: false };
  return room.team !== null ? { team: null } : { selected: null };
}

/** One key for the operator's verdict, on a press or on a plate. */
function judge({ desk, acts, incident, evaluating }: Scene, n: 0 | 1 | 2): (() => Promise<unknown>) | null {
  if (!incident || !evaluating) return null;
  const frames = desk.store.state;
  if (incident.source === 'pts') {
    const hit = hitOf(frames, incident.id)?.hit_id ?? incident.source_id;
    return hit !== null && incident.instruction === 'observe' ? () => acts.verdict(hit, HIT_VERDICTS[n], '') : null;
  }
  const alert = frames.alerts.get(incident.id)?.alert_id ?? incident.source_id;
  return incident.source === 'kades' && alert !== null ? () => acts.evaluate(alert, VERDICTS[n], '') : null;
}

function step(seat: Seat, rows: readonly Row[], by: number): void {
  const at = rows.findIndex((row) => row.incident.id === seat.room.selected);
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (next) seat.select(next.incident.id);
}

/** What each key does here and now. */
function keyActs(seat: Seat, scene: Scene): Record<KeyName, () => void> {
  const { desk, acts, incident, alarms, dispatching } = scene;
  const { room, set, attempt } = seat;
  const onOpen = (what: (one: Incident) => void) => (): void => {
    if (incident && incident.state !== 'closed' && dispatching) what(incident);
  };
  const verdict = (n: 0 | 1 | 2) => (): void => {
    const act = judge(scene, n);
    if (act) attempt(act);
  };
  return {
    help: () => { set({ help: !room.help }); },
    next: () => { step(seat, scene.rows, 1); },
    previous: () => { step(seat, scene.rows, -1); },
    fly: () => { if (incident?.position) seat.map.current?.fly(incident.position); },
    take: onOpen((one) => { attempt(() => acts.take(one.id)); }),
    nearest: onOpen((one) => { attempt(() => sendOne(acts, one)); }),
    reRoute: onOpen(() => { set({ aim: 're-route' }); }),
    close: onOpen(() => { set({ form: 'close' }); }),
    first: verdict(0),
    second: verdict(1),
    third: verdict(2),
    acknowledge: () => {
      const alarm = alarms[0];
      if (alarm && dispatching) attempt(() => acts.ackAlarm(alarm.alarm_id));
    },
    open: () => { if (dispatching) set({ drafting: true }); },
    mute: () => { desk.mute(); },
    escape: () => { set(stepBack(room)); },
  };
}

/** Listens once and always acts on the newest scene. Locked while the shift has not begun: nobody acts on what they cannot hear. */
export function useKeys(seat: Seat, scene: Scene, locked: boolean): void {
  const newest = useRef<Record<KeyName, () => void> | null>(null);
  newest.current = locked ? null : keyActs(seat, scene);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const name = newest.current ? keyOf(event) : null;
      if (name === null) return;
      event.preventDefault();
      newest.current?.[name]();
    };
    addEventListener('keydown', listener);
    return () => { removeEventListener('keydown', listener); };
  }, []);
}
