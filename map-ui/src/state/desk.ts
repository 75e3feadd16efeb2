import type { Camera, Gate, TeamRow } from '../wire/answers';
import type { Text } from '../i18n';
import { fixedAt, type DeskAlarm, type Dispatch, type Event, type Incident, type KadesAlert, type Position, type PtsHit, type TeamChanged, type TeamMoved, type Unread } from '../wire/frames';

export interface Team extends TeamChanged {
  readonly position: Position | null;
  readonly heading_deg: number | null;
  readonly speed_mps: number | null;
  readonly stale: boolean;
  /** Server milliseconds of the frame that last told its state; 0 when only a list has. */
  readonly told_at: number;
}

/** The last line of a trail, newest last. */
export type Trail = readonly Position[];

/** Something the operator should know about the page itself. */
export interface Notice {
  readonly id: number;
  readonly kind: 'unread' | 'error' | 'page';
  readonly text: Text;
}

export interface DeskState {
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly teams: ReadonlyMap<string, Team>;
  readonly trails: ReadonlyMap<string, Trail>;
  /** Newest KADES alert by incident. */
  readonly alerts: ReadonlyMap<string, KadesAlert>;
  readonly hits: ReadonlyMap<string, PtsHit>;
  readonly cameras: ReadonlyMap<string, Camera>;
  readonly gates: ReadonlyMap<string, Gate>;
  readonly alarms: ReadonlyMap<string, DeskAlarm>;
  readonly standards: ReadonlyMap<string, 'warned' | 'breached'>;
  readonly notices: readonly Notice[];
}

export const EMPTY: DeskState = {
  incidents: new Map(),
  teams: new Map(),
  trails: new Map(),
  alerts: new Map(),
  hits: new Map(),
  cameras: new Map(),
  gates: new Map(),
  alarms: new Map(),
  standards: new Map(),
  notices: [],
};

export type Change =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'unread'; readonly unread: Unread }
  /** A fresh picture follows: what the old one said of moving things no longer counts. */
  | { readonly kind: 'fresh' }
  | { readonly kind: 'incidents'; readonly items: readonly Incident[]; readonly whole: boolean }
  /** `asked` is the server's time of the question: a frame that came since knows better. */
  | { readonly kind: 'teams'; readonly items: readonly TeamRow[]; readonly asked: number }
  | { readonly kind: 'trail'; readonly incidentId: string; readonly points: readonly Position[] }
  | { readonly kind: 'cameras'; readonly items: readonly Camera[] }
  | { readonly kind: 'gates'; readonly items: readonly Gate[] }
  | { readonly kind: 'hits'; readonly items: readonly PtsHit[] }
  | { readonly kind: 'alarms'; readonly items: readonly DeskAlarm[] }
  | { readonly kind: 'notice'; readonly text: Text }
  | { readonly kind: 'forget_notice'; readonly id: number };

const TRAIL_POINTS = 400;
const NOTICES = 5;
/** Fixes older than this are drawn as stale even if no frame says so: a team that fell silent sends nothing. */
export const STALE_AFTER_MS = 300_000;

type Draft = { -readonly [K in keyof DeskState]: DeskState[K] };

export function hitOf(state: DeskState, incidentId: string): PtsHit | null {
  for (const hit of state.hits.values()) if (hit.incident_id === incidentId) return hit;
  return null;
}

/** The one reducer of the desk: a burst of changes in, one new state out. Maps that did not change stay the same object. */
export function reduce(state: DeskState, changes: readonly Change[]): DeskState {
  if (changes.length === 0) return state;
  const draft: Draft = { ...state };
  const copied = new Set<keyof DeskState>();
  const own = <K extends MapKey>(key: K): Writable<K> => {
    if (!copied.has(key)) {
      copied.add(key);
      Object.assign(draft, { [key]: new Map(draft[key] as ReadonlyMap<string, unknown>) });
    }
    return draft[key] as unknown as Writable<K>;
  };
  for (const change of changes) apply(draft, change, own);
  return draft;
}

type MapKey = Exclude<keyof DeskState, 'notices'>;
type Writable<K extends MapKey> = DeskState[K] extends ReadonlyMap<string, infer V> ? Map<string, V> : never;
type Own = <K extends MapKey>(key: K) => Writable<K>;

function apply(draft: Draft, change: Change, own: Own): void {
  switch (change.kind) {
    case 'event':
      applyEvent(draft, change.event, own);
      break;
    case 'unread':
      notice(draft, 'unread', unreadText(change.unread));
      break;
    case 'fresh':
      for (const key of ['incidents', 'alarms', 'alerts', 'hits', 'standards'] as const) own(key).clear();
      break;
    case 'incidents':
      for (const item of change.items) putListed(own, item);
      if (change.whole) dropClosedUnlessListed(own('incidents'), change.items);
      break;
    case 'teams':
      for (const row of change.items) putTeamRow(own('teams'), row, change.asked);
      break;
    case 'trail':
      for (const point of change.points) addToTrail(own('trails'), change.incidentId, point);
      break;
    case 'cameras':
      for (const item of change.items) own('cameras').set(item.id, item);
      break;
    case 'gates':
      for (const item of change.items) own('gates').set(item.id, item);
      break;
    case 'hits':
      for (const item of change.items) putListedHit(own('hits'), item);
      break;
    case 'alarms':
      for (const item of change.items) own('alarms').set(item.alarm_id, item);
      break;
    case 'notice':
      notice(draft, 'page', change.text);
      break;
    case 'forget_notice':
      draft.notices = draft.notices.filter((one) => one.id !== change.id);
  }
}

function applyEvent(draft: Draft, event: Event, own: Own): void {
  switch (event.type) {
    case 'incident.opened':
    case 'incident.changed':
      putIncident(own, event.data);
      break;
    case 'dispatch.offered':
    case 'dispatch.changed':
      putDispatch(own, event.data);
      break;
    case 'kades.alert':
      own('alerts').set(event.data.incident_id, event.data);
      if (event.data.position) addToTrail(own('trails'), event.data.incident_id, event.data.position);
      break;
    case 'kades.trail':
      addToTrail(own('trails'), event.data.incident_id, event.data.position);
      break;
    case 'pts.hit':
      own('hits').set(event.data.hit_id, event.data);
      break;
    case 'team.moved':
      moveTeam(own('teams'), event.data, Date.parse(event.at));
      break;
    case 'team.changed':
      changeTeam(own('teams'), event.data, Date.parse(event.at));
      break;
    case 'camera.changed':
      changeCamera(draft, event.data.camera_id, event.data.state, own);
      break;
    case 'desk.alarm':
      own('alarms').set(event.data.alarm_id, event.data);
      break;
    case 'standard.warned':
      if (draft.standards.get(event.data.incident_id) !== 'breached') own('standards').set(event.data.incident_id, 'warned');
      break;
    case 'standard.breached':
      own('standards').set(event.data.incident_id, 'breached');
      break;
    case 'error':
      notice(draft, 'error', [event.data.detail, event.data.detail_en]);
      break;
    case 'kades.status':
    case 'pong':
    case 'heartbeat':
    case 'renewed':
      break;
  }
}

/** The newer version wins, from whichever door it came: a REST answer may be older than a frame that overtook it. */
function putIncident(own: Own, incident: Incident): void {
  const known = own('incidents').get(incident.id);
  if (known && known.version > incident.version) return;
  own('incidents').set(incident.id, incident);
  if (incident.state === 'closed') own('trails').delete(incident.id);
}

/** A list tells no order among dispatches of one version: what frames have told since stands. */
function putListed(own: Own, incident: Incident): void {
  const known = own('incidents').get(incident.id);
  if (!known || known.version < incident.version) putIncident(own, incident);
}

/** A hit only goes forward, to its verdict and its outcome: a list that knows less was overtaken by a frame. */
function putListedHit(hits: Map<string, PtsHit>, hit: PtsHit): void {
  const known = hits.get(hit.hit_id);
  if (!known || (known.outcome === null && (known.verdict === null || hit.verdict !== null))) hits.set(hit.hit_id, hit);
}

function dropClosedUnlessListed(incidents: Map<string, Incident>, items: readonly Incident[]): void {
  const listed = new Set(items.map((item) => item.id));
  for (const [id, incident] of incidents) {
    if (incident.state === 'closed' && !listed.has(id)) incidents.delete(id);
  }
}

function putDispatch(own: Own, dispatch: Dispatch): void {
  const incident = own('incidents').get(dispatch.incident_id);
  if (!incident) return;
  const plain = dispatchOnly(dispatch);
  const at = incident.dispatches.findIndex((one) => one.id === dispatch.id);
  const dispatches = at < 0 ? [...incident.dispatches, plain] : incident.dispatches.with(at, plain);
  own('incidents').set(incident.id, { ...incident, dispatches });
}

function dispatchOnly(dispatch: Dispatch & { readonly incident?: unknown }): Dispatch {
  const { incident: _, ...plain } = dispatch;
  return plain;
}

function putTeamRow(teams: Map<string, Team>, row: TeamRow, asked: number): void {
  const known = teams.get(row.team_id);
  const state = known && known.told_at > asked ? known : row;
  const kept = known?.position && (!row.position || fixedAt(known.position) >= fixedAt(row.position)) ? known : null;
  teams.set(row.team_id, {
    team_id: row.team_id,
    code: row.code,
    kind: row.kind,
    force: row.force,
    province: row.province,
    roster: state.roster,
    free: state.free,
    dispatch_id: state.dispatch_id,
    position: kept ? kept.position : row.position,
    heading_deg: kept ? kept.heading_deg : (row.heading_deg ?? null),
    speed_mps: kept ? kept.speed_mps : (row.speed_mps ?? null),
    stale: kept ? kept.stale : (row.fix_age_s ?? Infinity) * 1000 > STALE_AFTER_MS,
    told_at: known?.told_at ?? 0,
  });
}

function moveTeam(teams: Map<string, Team>, moved: TeamMoved, at: number): void {
  const known = teams.get(moved.team_id);
  teams.set(moved.team_id, {
    team_id: moved.team_id,
    code: moved.code,
    kind: moved.kind,
    force: moved.force,
    province: known?.province ?? 0,
    roster: moved.roster,
    free: moved.free,
    dispatch_id: moved.free ? null : (known?.dispatch_id ?? null),
    position: moved.position,
    heading_deg: moved.heading_deg,
    speed_mps: moved.speed_mps,
    stale: moved.stale,
    told_at: at,
  });
}

function changeTeam(teams: Map<string, Team>, changed: TeamChanged, at: number): void {
  const known = teams.get(changed.team_id);
  teams.set(changed.team_id, {
    ...changed,
    position: known?.position ?? null,
    heading_deg: known?.heading_deg ?? null,
    speed_mps: known?.speed_mps ?? null,
    stale: known?.stale ?? true,
    told_at: at,
  });
}

function changeCamera(draft: Draft, id: string, state: string, own: Own): void {
  const camera = draft.cameras.get(id);
  if (camera) own('cameras').set(id, { ...camera, state });
}

/** Points may come late and out of order after a dead spot; the trail is drawn by the time of the fix. */
function addToTrail(trails: Map<string, Trail>, incidentId: string, position: Position): void {
  const trail = trails.get(incidentId) ?? [];
  if (trail.some((one) => one.fixed_at === position.fixed_at && one.lon === position.lon && one.lat === position.lat)) return;
  const last = trail.at(-1);
  const next = [...trail, position];
  if (last && fixedAt(last) > fixedAt(position)) {
    next.sort((a, b) => fixedAt(a) - fixedAt(b));
  }
  trails.set(incidentId, next.slice(-TRAIL_POINTS));
}

function unreadText(unread: Unread): Text {
  const what = unread.type ?? unread.why;
  return [`Bu sayfanın bilmediği bir ileti geldi (${what}); gerisi sürüyor.`, `A message this page does not know arrived (${what}); all else goes on.`];
}

function notice(draft: Draft, kind: Notice['kind'], text: Text): void {
  if (draft.notices.some((one) => one.kind === kind && one.text[0] === text[0])) return;
  const id = (draft.notices.at(-1)?.id ?? 0) + 1;
  draft.notices = [...draft.notices, { id, kind, text }].slice(-NOTICES);
}
