import type { DeskAlarm, Dispatch, Incident, PtsHit } from '../wire/frames';
import type { Role } from '../wire/answers';
import type { DeskState } from './desk';

const OPEN_OFFERS: ReadonlySet<Dispatch['state']> = new Set(['offered', 'acknowledged']);
const ON_THE_WAY: ReadonlySet<Dispatch['state']> = new Set(['accepted', 'en_route', 'on_scene']);

export function isOpen(incident: Incident): boolean {
  return incident.state !== 'closed';
}

/** A timed-out offer may still be accepted, so it stays on the chain; only these wait for an answer with a clock. */
export function openOffers(incident: Incident): readonly Dispatch[] {
  return incident.dispatches.filter((one) => OPEN_OFFERS.has(one.state));
}

export function activeDispatches(incident: Incident): readonly Dispatch[] {
  return incident.dispatches.filter((one) => ON_THE_WAY.has(one.state));
}

/** Nobody has it: it was never taken, or it was handed to somebody who has not taken it yet. */
export function isUntaken(incident: Incident): boolean {
  return incident.owner_id === null || incident.taken_at === null;
}

/** True while somebody at this desk must still look at it. */
export function needsSomebody(incident: Incident, role: Role): boolean {
  if (!isOpen(incident) || incident.merged_into !== null) return false;
  // The KGYS operator's part is to evaluate and to compare; sending and taking is the Haber Merkezi's (E10).
  if (role === 'operator') {
    if (incident.source === 'kades') return incident.evaluation === null && isUntaken(incident);
    return incident.source === 'pts' && incident.instruction === 'observe';
  }
  return isUntaken(incident);
}

/** A team was there and is done: what is missing is the outcome, not a team. */
export function isServed(incident: Incident): boolean {
  return activeDispatches(incident).length === 0 && incident.dispatches.some((one) => one.state === 'clear');
}

export interface Row {
  readonly incident: Incident;
  readonly unowned: boolean;
  readonly alarms: readonly DeskAlarm[];
  readonly standard: 'warned' | 'breached' | null;
}

/**
 * The alert list: what nobody has taken and is most urgent stands first.
 *
 * Order: an unacknowledged alarm, then unowned, then a passed standard, then nobody on the way, then priority (1 first), then
 * age. A drill never pushes a real one down: it comes after all real ones of the same need.
 */
export function alertList(state: DeskState, role: Role): readonly Row[] {
  const alarms = alarmsByIncident(state);
  return [...state.incidents.values()]
    .filter((incident) => isOpen(incident) && incident.merged_into === null)
    .map((incident) => ({
      incident,
      unowned: needsSomebody(incident, role),
      alarms: alarms.get(incident.id) ?? [],
      standard: incident.delivered_at === null ? (state.standards.get(incident.id) ?? null) : null,
    }))
    .sort(compare);
}

function compare(a: Row, b: Row): number {
  const key = (row: Row): readonly number[] => [
    row.alarms.length > 0 && !row.incident.drill ? 0 : 1,
    row.unowned ? 0 : 1,
    row.incident.drill ? 1 : 0,
    row.standard === 'breached' ? 0 : row.standard === 'warned' ? 1 : 2,
    activeDispatches(row.incident).length > 0 || isServed(row.incident) ? 1 : 0,
    row.incident.priority,
    Date.parse(row.incident.opened_at),
  ];
  const left = key(a);
  const right = key(b);
  for (const [i, value] of left.entries()) {
    const difference = value - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.incident.id < b.incident.id ? -1 : 1;
}

/** Hits that still await their outcome although their incident is over and stands in no list (E15): oldest first. */
export function openHits(state: DeskState): readonly PtsHit[] {
  const over = (id: string): boolean => {
    const incident = state.incidents.get(id);
    return incident === undefined || !isOpen(incident);
  };
  return [...state.hits.values()].filter((hit) => hit.outcome === null && over(hit.incident_id)).sort((a, b) => Date.parse(a.read_at) - Date.parse(b.read_at));
}

export function openAlarms(state: DeskState): readonly DeskAlarm[] {
  return [...state.alarms.values()].filter((alarm) => alarm.acked_at === null && alarm.ended_at === null).sort((a, b) => Date.parse(a.raised_at) - Date.parse(b.raised_at));
}

function alarmsByIncident(state: DeskState): ReadonlyMap<string, DeskAlarm[]> {
  const found = new Map<string, DeskAlarm[]>();
  for (const alarm of openAlarms(state)) {
    if (alarm.incident_id === null) continue;
    const list = found.get(alarm.incident_id);
    if (list) list.push(alarm);
    else found.set(alarm.incident_id, [alarm]);
  }
  return found;
}

export type Tone = 'panic' | 'kades' | 'alarm' | 'pts' | 'call';

export interface Ring {
  /** Stays the same while the same thing rings, so that muting it on this console mutes no other. */
  readonly key: string;
  readonly tone: Tone;
  readonly incidentId: string | null;
}

const LOUDEST: readonly Tone[] = ['panic', 'kades', 'alarm', 'pts', 'call'];

/** What must sound now on a console of this role, loudest first. */
export function ringing(state: DeskState, role: Role): readonly Ring[] {
  const rings: Ring[] = [];
  for (const alarm of openAlarms(state)) {
    // An alarm an operator can do nothing about would only teach the ear to overhear alarms.
    if (role === 'operator' && alarm.kind !== 'team_panic') continue;
    rings.push({ key: `alarm:${alarm.alarm_id}`, tone: alarm.kind === 'team_panic' ? 'panic' : 'alarm', incidentId: alarm.incident_id });
  }
  for (const incident of state.incidents.values()) {
    if (!needsSomebody(incident, role)) continue;
    rings.push({ key: `incident:${incident.id}`, tone: toneOf(incident), incidentId: incident.id });
  }
  return rings.sort((a, b) => LOUDEST.indexOf(a.tone) - LOUDEST.indexOf(b.tone));
}

function toneOf(incident: Incident): Tone {
  if (incident.source === 'team_panic') return 'panic';
  if (incident.source === 'kades') return 'kades';
  return incident.source === 'pts' ? 'pts' : 'call';
}
