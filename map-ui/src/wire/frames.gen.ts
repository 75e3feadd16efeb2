// Made by `npm run wire` from the server's /asyncapi.json. Do not edit.

/**
 * Whether a camera can be looked through.
 */
export type CameraState = 'online' | 'offline' | 'fault' | 'maintenance' | 'retired';
/**
 * Where one incident stands; derived from its dispatches.
 */
export type IncidentState = 'raised' | 'waiting' | 'offered' | 'assigned' | 'on_scene' | 'closed';
/**
 * Where one asking of one team stands.
 */
export type DispatchState =
  'offered' | 'acknowledged' | 'accepted' | 'en_route' | 'on_scene' | 'clear' | 'declined' | 'timed_out' | 'withdrawn';
/**
 * What is known of where she is.
 */
export type PositionKind = 'fix' | 'last_known' | 'none';
/**
 * How she called.
 */
export type Trigger = 'button' | 'silent' | 'sms';
/**
 * Why a plate is listed, in the order of rank (E15: terror and stolen first; other lists are a site's choice and rank below).
 */
export type Category = 'terror' | 'stolen' | 'wanted' | 'other';
/**
 * How a hit ended; without one it stays open (E15).
 */
export type Outcome = 'vehicle_taken' | 'person_taken' | 'checked_released' | 'not_found' | 'misread' | 'not_active';
/**
 * What a person saw who compared the hit with the list.
 */
export type Verdict = 'confirmed' | 'misread' | 'not_active';

/**
 * Every frame of the sockets, both ways.
 */
export interface Frames {
  server:
    | CameraChanged
    | DeskAlarm
    | DispatchChanged
    | DispatchOffered
    | Error
    | Heartbeat
    | IncidentChanged
    | IncidentOpened
    | KadesAlert
    | KadesStatus
    | KadesTrail
    | Pong
    | PtsHit
    | Renewed
    | StandardBreached
    | StandardWarned
    | TeamChanged
    | TeamMoved
    | Welcome;
  client: Hello | Ping | Renew | Shown | Ack | SetStatus | Report | Viewport;
}
export interface CameraChanged {
  at: string;
  data: CameraChanged1;
  prev: number | null;
  seq: number | null;
  type: 'camera.changed';
}
/**
 * `camera.changed` to `desk:<province>`: a camera came, went, failed, or looks elsewhere now; the desk fetches it again.
 */
export interface CameraChanged1 {
  camera_id: string;
  state: CameraState;
}
export interface DeskAlarm {
  at: string;
  data: AlarmData;
  prev: number | null;
  seq: number | null;
  type: 'desk.alarm';
}
/**
 * Something the desk must hear; it sounds again until somebody acknowledges it or its cause is gone (`ended_at`).
 */
export interface AlarmData {
  acked_at: string | null;
  acked_by: string | null;
  alarm_id: string;
  drill: boolean;
  ended_at: string | null;
  incident_id: string | null;
  kind: string;
  note: string | null;
  raised_at: string;
  times: number;
}
export interface DispatchChanged {
  at: string;
  data: OfferData;
  prev: number | null;
  seq: number | null;
  type: 'dispatch.changed';
}
/**
 * A dispatch with its incident; `dispatch.changed` carries it too, so that a new place or instruction reaches the crew.
 */
export interface OfferData {
  accept_due_at: string;
  accepted_at: string | null;
  ack_due_at: string;
  acknowledged_at: string | null;
  by: ('app' | 'radio') | null;
  distance_m: number | null;
  drill: boolean;
  en_route_at: string | null;
  ended_at: string | null;
  eta_s: number | null;
  fix_age_s: number | null;
  id: string;
  incident: IncidentBrief;
  incident_id: string;
  lead: boolean;
  offered_at: string;
  on_scene_at: string | null;
  reason: string | null;
  state: DispatchState;
  team_code: string;
  team_id: string;
}
/**
 * What a crew is told of its incident.
 */
export interface IncidentBrief {
  drill: boolean;
  id: string;
  instruction: ('observe' | 'stop' | 'withdrawn') | null;
  kind: string;
  olay_no: string;
  place_text: string | null;
  position: Where | null;
  position_kind: 'fix' | 'last_known' | 'none';
  priority: number;
  silent: boolean;
  source: 'kades' | 'pts' | 'phone' | 'team_panic' | 'other';
  state: IncidentState;
}
/**
 * A position; null fields are unknown.
 */
export interface Where {
  accuracy_m: number | null;
  fixed_at: string | null;
  lat: number;
  lon: number;
}
export interface DispatchOffered {
  at: string;
  data: OfferData;
  prev: number | null;
  seq: number | null;
  type: 'dispatch.offered';
}
export interface Error {
  at: string;
  data: Error1;
  prev: number | null;
  seq: number | null;
  type: 'error';
}
/**
 * `error`: one problem (RFC 9457) with both languages, and the ids of the frame it answers; a problem may tell more.
 */
export interface Error1 {
  detail: string;
  detail_en: string;
  slug: string;
  status: number;
  title: string;
  type: string;
  [k: string]: unknown;
}
export interface Heartbeat {
  at: string;
  data: Nothing;
  prev: number | null;
  seq: number | null;
  type: 'heartbeat';
}
/**
 * `pong` and `heartbeat` say all they have to by coming.
 */
export interface Nothing {}
export interface IncidentChanged {
  at: string;
  data: IncidentData;
  prev: number | null;
  seq: number | null;
  type: 'incident.changed';
}
/**
 * An incident as the desk sees it.
 */
export interface IncidentData {
  automatic: boolean;
  cancelled: 'informed' | null;
  closed_at: string | null;
  delivered_at: string | null;
  dispatches: DispatchData[];
  drill: boolean;
  due_breach_at: string | null;
  due_warn_at: string | null;
  evaluation: ('genuine' | 'mistaken' | 'unclear') | null;
  further: number;
  id: string;
  instruction: ('observe' | 'stop' | 'withdrawn') | null;
  kind: string;
  merged_into: string | null;
  needed_teams: number;
  olay_no: string;
  opened_at: string;
  outcome: string | null;
  outcome_body: string | null;
  owner_id: string | null;
  owner_name: string | null;
  place_text: string | null;
  position: Where | null;
  position_kind: 'fix' | 'last_known' | 'none';
  priority: number;
  provinces: number[];
  silent: boolean;
  source: 'kades' | 'pts' | 'phone' | 'team_panic' | 'other';
  source_id: string | null;
  state: IncidentState;
  taken_at: string | null;
  version: number;
}
/**
 * One asking of one team.
 */
export interface DispatchData {
  accept_due_at: string;
  accepted_at: string | null;
  ack_due_at: string;
  acknowledged_at: string | null;
  by: ('app' | 'radio') | null;
  distance_m: number | null;
  drill: boolean;
  en_route_at: string | null;
  ended_at: string | null;
  eta_s: number | null;
  fix_age_s: number | null;
  id: string;
  incident_id: string;
  lead: boolean;
  offered_at: string;
  on_scene_at: string | null;
  reason: string | null;
  state: DispatchState;
  team_code: string;
  team_id: string;
}
export interface IncidentOpened {
  at: string;
  data: IncidentData;
  prev: number | null;
  seq: number | null;
  type: 'incident.opened';
}
export interface KadesAlert {
  at: string;
  data: KadesAlert1;
  prev: number | null;
  seq: number | null;
  type: 'kades.alert';
}
/**
 * `kades.alert` to `desk:<province>`: a press came in, or what is known of it changed (duress).
 */
export interface KadesAlert1 {
  alert_id: string;
  drill: false;
  duress: boolean;
  further: number;
  incident_id: string;
  position: Position | null;
  position_kind: PositionKind;
  received_at: string;
  silent: boolean;
  trigger: Trigger;
}
/**
 * A fix on the wire.
 *
 * NaN passes here on purpose: `fix()` then refuses it with a sentence of its own instead of a schema error.
 */
export interface Position {
  accuracy_m: number | null;
  fixed_at: string;
  lat: number;
  lon: number;
}
export interface KadesStatus {
  at: string;
  data: KadesStatus1;
  prev: number | null;
  seq: number | null;
  type: 'kades.status';
}
/**
 * `kades.status` to her phone, never for a silent press.
 */
export interface KadesStatus1 {
  alert_id: string;
  at: string;
  stage: 'received' | 'team_on_the_way' | 'arrived' | 'closed';
}
export interface KadesTrail {
  at: string;
  data: KadesTrail1;
  prev: number | null;
  seq: number | null;
  type: 'kades.trail';
}
/**
 * `kades.trail` to the desk and to the teams assigned: where she is now.
 */
export interface KadesTrail1 {
  alert_id: string;
  incident_id: string;
  position: Position;
}
export interface Pong {
  at: string;
  data: Nothing;
  prev: number | null;
  seq: number | null;
  type: 'pong';
}
export interface PtsHit {
  at: string;
  data: PtsHit1;
  prev: number | null;
  seq: number | null;
  type: 'pts.hit';
}
/**
 * `pts.hit` to `desk:<province>`: a listed plate passed a gate, was compared, or has its outcome.
 */
export interface PtsHit1 {
  category: Category;
  drill: false;
  gate_id: string;
  hit_id: string;
  incident_id: string;
  late: boolean;
  outcome: Outcome | null;
  position: Position;
  read_at: string;
  verdict: Verdict | null;
}
export interface Renewed {
  at: string;
  data: Renewed1;
  prev: number | null;
  seq: number | null;
  type: 'renewed';
}
/**
 * `renewed`: the newer token was taken.
 */
export interface Renewed1 {
  expires_at: string | null;
}
export interface StandardBreached {
  at: string;
  data: StandardData;
  prev: number | null;
  seq: number | null;
  type: 'standard.breached';
}
/**
 * E3: not delivered to a unit within its time.
 */
export interface StandardData {
  drill: boolean;
  due_at: string;
  incident_id: string;
  standard: 'E3';
}
export interface StandardWarned {
  at: string;
  data: StandardData;
  prev: number | null;
  seq: number | null;
  type: 'standard.warned';
}
export interface TeamChanged {
  at: string;
  data: TeamData;
  prev: number | null;
  seq: number | null;
  type: 'team.changed';
}
/**
 * A team's state.
 */
export interface TeamData {
  code: string;
  dispatch_id: string | null;
  force: 'police' | 'gendarmerie';
  free: boolean;
  kind: 'patrol' | 'motorcycle' | 'foot' | 'traffic' | 'plainclothes' | 'special';
  province: number;
  roster: 'available' | 'paused' | 'off_duty';
  team_id: string;
}
export interface TeamMoved {
  at: string;
  data: TeamMovedData;
  prev: number | null;
  seq: number | null;
  type: 'team.moved';
}
/**
 * Where a team is now; conflated, at most once a second for each team.
 */
export interface TeamMovedData {
  code: string;
  force: 'police' | 'gendarmerie';
  free: boolean;
  heading_deg: number | null;
  kind: 'patrol' | 'motorcycle' | 'foot' | 'traffic' | 'plainclothes' | 'special';
  position: Where;
  roster: 'available' | 'paused' | 'off_duty';
  speed_mps: number | null;
  stale: boolean;
  team_id: string;
}
export interface Welcome {
  at: string;
  data: Welcome1;
  log: string;
  prev: number | null;
  replay: 'complete' | 'snapshot';
  seq: number | null;
  type: 'welcome';
}
/**
 * `welcome`: the door is open; the gap or a snapshot follows.
 */
export interface Welcome1 {
  log: string;
  replay: 'complete' | 'snapshot';
  seq: number;
}
/**
 * First frame of a client; doors may read more from it (live video: camera_id).
 */
export interface Hello {
  after?: number | null;
  log?: string | null;
  token: string;
  type: 'hello';
  [k: string]: unknown;
}
/**
 * Are you there.
 */
export interface Ping {
  type: 'ping';
}
/**
 * A newer token for the same person, before the old one lapses.
 */
export interface Renew {
  token: string;
  type: 'renew';
}
/**
 * A screen showed the frame: evidence only.
 */
export interface Shown {
  seq: number;
  type: 'shown';
}
/**
 * The app has the `dispatch.offered` of that number.
 */
export interface Ack {
  seq: number;
  type: 'ack';
}
/**
 * A crew's answer, or where it has got to.
 */
export interface SetStatus {
  client_id: string;
  dispatch_id: string;
  state: 'accepted' | 'declined' | 'en_route' | 'on_scene' | 'clear';
  type: 'dispatch.status';
}
/**
 * Where a crew is. NaN passes the schema on purpose: `geo.Point` refuses it with a sentence of its own.
 */
export interface Report {
  accuracy_m?: number | null;
  fixed_at: string;
  heading_deg?: number | null;
  lat: number;
  lon: number;
  speed_mps?: number | null;
  type: 'position';
}
/**
 * What a console looks at: west, south, east, north in degrees.
 */
export interface Viewport {
  /**
   * @minItems 4
   * @maxItems 4
   */
  bbox: [number, number, number, number];
  type: 'viewport';
}
