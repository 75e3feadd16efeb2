// Made by `npm run wire` from the server's schema. Do not edit.

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
 * Why a plate is listed, in the order of rank (E15: terror and stolen first; other lists are a site's choice and rank below).
 */
export type Category = 'terror' | 'stolen' | 'wanted' | 'other';
/**
 * What a person saw who compared the hit with the list.
 */
export type Verdict = 'confirmed' | 'misread' | 'not_active';
/**
 * How a hit ended; without one it stays open (E15).
 */
export type Outcome = 'vehicle_taken' | 'person_taken' | 'checked_released' | 'not_found' | 'misread' | 'not_active';
/**
 * Whether a camera can be looked through.
 */
export type CameraState = 'online' | 'offline' | 'fault' | 'maintenance' | 'retired';

/**
 * Every frame of the sockets, as one schema for the pages' types.
 */
export interface Frames {
  server:
    | IncidentOpened
    | IncidentChanged
    | DispatchOffered
    | DispatchChanged
    | KadesAlertFrame
    | KadesTrailFrame
    | KadesStatusFrame
    | PtsHitFrame
    | TeamMovedFrame
    | TeamChangedFrame
    | CameraChangedFrame
    | DeskAlarmFrame
    | StandardWarned
    | StandardBreached
    | ErrorFrame
    | Pong
    | Heartbeat
    | RenewedFrame
    | WelcomeFrame;
  client: Hello | Renew | Ping | Ack | Shown | SetStatus | Report | Viewport;
}
export interface IncidentOpened {
  seq: number | null;
  prev: number | null;
  type: 'incident.opened';
  at: string;
  data: IncidentData;
}
/**
 * An incident as the desk sees it.
 */
export interface IncidentData {
  id: string;
  olay_no: string;
  kind: string;
  source: 'kades' | 'pts' | 'phone' | 'team_panic' | 'other';
  priority: number;
  state: IncidentState;
  position: Where | null;
  position_kind: 'fix' | 'last_known' | 'none';
  place_text: string | null;
  instruction: ('observe' | 'stop' | 'withdrawn') | null;
  silent: boolean;
  drill: boolean;
  source_id: string | null;
  provinces: number[];
  opened_at: string;
  needed_teams: number;
  owner_id: string | null;
  owner_name: string | null;
  taken_at: string | null;
  evaluation: ('genuine' | 'mistaken' | 'unclear') | null;
  cancelled: 'informed' | null;
  further: number;
  automatic: boolean;
  outcome: string | null;
  outcome_body: string | null;
  closed_at: string | null;
  merged_into: string | null;
  due_warn_at: string | null;
  due_breach_at: string | null;
  delivered_at: string | null;
  version: number;
  dispatches: DispatchData[];
}
/**
 * A position; null fields are unknown.
 */
export interface Where {
  lon: number;
  lat: number;
  accuracy_m: number | null;
  fixed_at: string | null;
}
/**
 * One asking of one team.
 */
export interface DispatchData {
  id: string;
  incident_id: string;
  team_id: string;
  team_code: string;
  state: DispatchState;
  offered_at: string;
  acknowledged_at: string | null;
  accepted_at: string | null;
  en_route_at: string | null;
  on_scene_at: string | null;
  ended_at: string | null;
  reason: string | null;
  distance_m: number | null;
  eta_s: number | null;
  fix_age_s: number | null;
  ack_due_at: string;
  accept_due_at: string;
  by: ('app' | 'radio') | null;
  lead: boolean;
  drill: boolean;
}
export interface IncidentChanged {
  seq: number | null;
  prev: number | null;
  type: 'incident.changed';
  at: string;
  data: IncidentData;
}
export interface DispatchOffered {
  seq: number | null;
  prev: number | null;
  type: 'dispatch.offered';
  at: string;
  data: OfferData;
}
/**
 * A dispatch with its incident: `dispatch.offered` and `dispatch.changed` alike, so that a new place or instruction reaches the crew.
 */
export interface OfferData {
  id: string;
  incident_id: string;
  team_id: string;
  team_code: string;
  state: DispatchState;
  offered_at: string;
  acknowledged_at: string | null;
  accepted_at: string | null;
  en_route_at: string | null;
  on_scene_at: string | null;
  ended_at: string | null;
  reason: string | null;
  distance_m: number | null;
  eta_s: number | null;
  fix_age_s: number | null;
  ack_due_at: string;
  accept_due_at: string;
  by: ('app' | 'radio') | null;
  lead: boolean;
  drill: boolean;
  incident: IncidentBrief;
}
/**
 * What a crew is told of its incident.
 */
export interface IncidentBrief {
  id: string;
  olay_no: string;
  kind: string;
  source: 'kades' | 'pts' | 'phone' | 'team_panic' | 'other';
  priority: number;
  state: IncidentState;
  position: Where | null;
  position_kind: 'fix' | 'last_known' | 'none';
  place_text: string | null;
  instruction: ('observe' | 'stop' | 'withdrawn') | null;
  silent: boolean;
  drill: boolean;
}
export interface DispatchChanged {
  seq: number | null;
  prev: number | null;
  type: 'dispatch.changed';
  at: string;
  data: OfferData;
}
export interface KadesAlertFrame {
  seq: number | null;
  prev: number | null;
  type: 'kades.alert';
  at: string;
  data: KadesAlert;
}
export interface KadesAlert {
  alert_id: string;
  incident_id: string;
  trigger: 'button' | 'silent' | 'sms';
  received_at: string;
  position: Position | null;
  position_kind: 'fix' | 'last_known' | 'none';
  silent: boolean;
  duress: boolean;
  further: number;
  drill: boolean;
}
export interface Position {
  lon: number;
  lat: number;
  accuracy_m: number | null;
  fixed_at: string;
}
export interface KadesTrailFrame {
  seq: number | null;
  prev: number | null;
  type: 'kades.trail';
  at: string;
  data: KadesTrail;
}
export interface KadesTrail {
  alert_id: string;
  incident_id: string;
  position: Position;
}
export interface KadesStatusFrame {
  seq: number | null;
  prev: number | null;
  type: 'kades.status';
  at: string;
  data: KadesStatus;
}
export interface KadesStatus {
  alert_id: string;
  stage: 'received' | 'team_on_the_way' | 'arrived' | 'closed';
  at: string;
}
export interface PtsHitFrame {
  seq: number | null;
  prev: number | null;
  type: 'pts.hit';
  at: string;
  data: PtsHit;
}
/**
 * `pts.hit` to `desk:<province>`: a listed plate passed a gate, was compared, or has its outcome.
 */
export interface PtsHit {
  hit_id: string;
  incident_id: string;
  gate_id: string;
  category: Category;
  read_at: string;
  verdict: Verdict | null;
  outcome: Outcome | null;
  position: Position1;
  late: boolean;
  drill?: false;
}
/**
 * A fix on the wire.
 *
 * NaN passes here on purpose: `fix()` then refuses it with a sentence of its own instead of a schema error.
 */
export interface Position1 {
  lon: number;
  lat: number;
  accuracy_m?: number | null;
  fixed_at: string;
}
export interface TeamMovedFrame {
  seq: number | null;
  prev: number | null;
  type: 'team.moved';
  at: string;
  data: TeamMovedData;
}
/**
 * Where a team is now; conflated, at most once a second for each team.
 */
export interface TeamMovedData {
  team_id: string;
  code: string;
  kind: 'patrol' | 'motorcycle' | 'foot' | 'traffic' | 'plainclothes' | 'special';
  force: 'police' | 'gendarmerie';
  roster: 'available' | 'paused' | 'off_duty';
  free: boolean;
  position: Where;
  heading_deg: number | null;
  speed_mps: number | null;
  stale: boolean;
}
export interface TeamChangedFrame {
  seq: number | null;
  prev: number | null;
  type: 'team.changed';
  at: string;
  data: TeamData;
}
/**
 * A team's state.
 */
export interface TeamData {
  team_id: string;
  code: string;
  kind: 'patrol' | 'motorcycle' | 'foot' | 'traffic' | 'plainclothes' | 'special';
  force: 'police' | 'gendarmerie';
  province: number;
  roster: 'available' | 'paused' | 'off_duty';
  free: boolean;
  dispatch_id: string | null;
}
export interface CameraChangedFrame {
  seq: number | null;
  prev: number | null;
  type: 'camera.changed';
  at: string;
  data: CameraChanged;
}
/**
 * `camera.changed` to `desk:<province>`: a camera came, went, failed, or looks elsewhere now; the desk fetches it again.
 */
export interface CameraChanged {
  camera_id: string;
  state: CameraState;
}
export interface DeskAlarmFrame {
  seq: number | null;
  prev: number | null;
  type: 'desk.alarm';
  at: string;
  data: AlarmData;
}
/**
 * Something the desk must hear; it sounds again until somebody acknowledges it or its cause is gone (`ended_at`).
 */
export interface AlarmData {
  alarm_id: string;
  incident_id: string | null;
  kind: string;
  raised_at: string;
  times: number;
  acked_at: string | null;
  acked_by: string | null;
  ended_at: string | null;
  note: string | null;
  drill: boolean;
}
export interface StandardWarned {
  seq: number | null;
  prev: number | null;
  type: 'standard.warned';
  at: string;
  data: StandardData;
}
/**
 * E3: not delivered to a unit within its time.
 */
export interface StandardData {
  incident_id: string;
  standard: 'E3';
  due_at: string;
  drill: boolean;
}
export interface StandardBreached {
  seq: number | null;
  prev: number | null;
  type: 'standard.breached';
  at: string;
  data: StandardData;
}
export interface ErrorFrame {
  seq: number | null;
  prev: number | null;
  type: 'error';
  at: string;
  data: ProblemData;
}
export interface ProblemData {
  slug: string;
  title: string;
  detail: string | null;
  detail_en: string | null;
}
export interface Pong {
  seq: number | null;
  prev: number | null;
  type: 'pong';
  at: string;
  data: Empty;
}
export interface Empty {}
export interface Heartbeat {
  seq: number | null;
  prev: number | null;
  type: 'heartbeat';
  at: string;
  data: Empty;
}
export interface RenewedFrame {
  seq: number | null;
  prev: number | null;
  type: 'renewed';
  at: string;
  data: Renewed;
}
export interface Renewed {
  expires_at: string | null;
}
export interface WelcomeFrame {
  seq: number | null;
  prev: number | null;
  type: 'welcome';
  at: string;
  data: Welcome;
}
export interface Welcome {
  log: string;
  replay: 'complete' | 'snapshot';
  seq: number;
}
export interface Hello {
  type: 'hello';
  token: string;
  log: string | null;
  after: number | null;
}
export interface Renew {
  type: 'renew';
  token: string;
}
export interface Ping {
  type: 'ping';
}
/**
 * The app has the `dispatch.offered` of that number.
 */
export interface Ack {
  type: 'ack';
  seq: number;
}
export interface Shown {
  type: 'shown';
  seq: number;
}
/**
 * A crew's answer, or where it has got to.
 */
export interface SetStatus {
  type: 'dispatch.status';
  dispatch_id: string;
  client_id: string;
  state: 'accepted' | 'declined' | 'en_route' | 'on_scene' | 'clear';
}
/**
 * Where a crew is. NaN passes the schema on purpose: `geo.Point` refuses it with a sentence of its own.
 */
export interface Report {
  type: 'position';
  lon: number;
  lat: number;
  accuracy_m?: number | null;
  fixed_at: string;
  heading_deg?: number | null;
  speed_mps?: number | null;
}
/**
 * What a console looks at: west, south, east, north in degrees.
 */
export interface Viewport {
  type: 'viewport';
  /**
   * @minItems 4
   * @maxItems 4
   */
  bbox: [unknown, unknown, unknown, unknown];
}
