import type { Frames } from './frames.gen';

export type ServerFrame = Frames['server'];
export type ClientFrame = Frames['client'];
export type FrameType = ServerFrame['type'];
export type Frame<T extends FrameType> = Extract<ServerFrame, { type: T }>;
export type Welcome = Frame<'welcome'>['data'];
/** Everything after the welcome: numbered or conflated, with its time and its data. */
export type Event = Exclude<ServerFrame, { type: 'welcome' }>;

export type Incident = Frame<'incident.opened'>['data'];
export type Dispatch = Incident['dispatches'][number];
export type Offer = Frame<'dispatch.offered'>['data'];
export type KadesAlert = Frame<'kades.alert'>['data'];
export type KadesStage = Frame<'kades.status'>['data']['stage'];
export type PtsHit = Frame<'pts.hit'>['data'];
export type TeamMoved = Frame<'team.moved'>['data'];
export type TeamChanged = Frame<'team.changed'>['data'];
export type DeskAlarm = Frame<'desk.alarm'>['data'];
export type Position = NonNullable<Incident['position']>;

/** When a position was measured, in milliseconds; one of unknown age counts as the oldest. */
export function fixedAt(position: Position): number {
  const at = position.fixed_at === null ? NaN : Date.parse(position.fixed_at);
  return Number.isNaN(at) ? 0 : at;
}

/** A frame this page cannot use. It is shown, never thrown: a new server must not blind an old page. */
export interface Unread {
  readonly why: 'not_json' | 'no_frame' | 'unknown_type' | 'incomplete';
  readonly type: string | null;
  readonly seq: number | null;
  readonly prev: number | null;
}

export type Reading = { readonly ok: true; readonly frame: ServerFrame } | { readonly ok: false; readonly unread: Unread };

// What the reducers index by. A frame without it would become an entry nobody can find or remove again.
const NEEDED: Record<FrameType, readonly string[]> = {
  welcome: ['log', 'replay', 'seq'],
  'incident.opened': ['id', 'state', 'dispatches'],
  'incident.changed': ['id', 'state', 'dispatches'],
  'dispatch.offered': ['id', 'incident_id', 'state', 'incident'],
  'dispatch.changed': ['id', 'incident_id', 'state'],
  'kades.alert': ['alert_id', 'incident_id'],
  'kades.trail': ['alert_id', 'incident_id', 'position'],
  'kades.status': ['alert_id', 'stage'],
  'pts.hit': ['hit_id'],
  'team.moved': ['team_id', 'position'],
  'team.changed': ['team_id'],
  'camera.changed': ['camera_id', 'state'],
  'desk.alarm': ['alarm_id', 'kind'],
  'standard.warned': ['incident_id'],
  'standard.breached': ['incident_id'],
  error: [],
  pong: [],
  heartbeat: [],
  renewed: [],
};

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function readFrame(text: unknown): Reading {
  let value: unknown;
  try {
    value = typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    value = undefined;
  }
  if (value === undefined) return unread('not_json', {});
  if (!isFields(value) || typeof value['type'] !== 'string') return unread('no_frame', isFields(value) ? value : {});
  const type = value['type'];
  if (!Object.hasOwn(NEEDED, type)) return unread('unknown_type', value);
  // The contract writes a welcome flat, the hub wraps it like any frame: both are understood.
  const data = type === 'welcome' && !isFields(value['data']) ? value : value['data'];
  const needed = NEEDED[type as FrameType];
  if (needed.length > 0 && !(isFields(data) && needed.every((name) => data[name] !== undefined && data[name] !== null))) {
    return unread('incomplete', value);
  }
  return { ok: true, frame: { seq: null, prev: null, at: '', ...value, data } as unknown as ServerFrame };
}

function unread(why: Unread['why'], value: Fields): Reading {
  const type = typeof value['type'] === 'string' ? value['type'] : null;
  return { ok: false, unread: { why, type, seq: numberOrNull(value['seq']), prev: numberOrNull(value['prev']) } };
}
