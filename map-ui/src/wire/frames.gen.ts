// Made by `npm run wire` from the server's schema. Do not edit.

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
  client: Hello | Renew | Ping | Ack | Shown | DispatchStatus | PositionIn | Viewport;
}
export interface IncidentOpened {
  seq: number | null;
  prev: number | null;
  type: 'incident.opened';
  at: string;
  data: Incident;
}
export interface Incident {
  id: string;
  olay_no: string;
  kind: string;
  source: string;
  source_id: string | null;
  priority: number;
  state: 'raised' | 'waiting' | 'offered' | 'assigned' | 'on_scene' | 'closed';
  provinces: number[];
  position: Position | null;
  position_kind: 'fix' | 'last_known' | 'none';
  place_text: string | null;
  instruction: ('observe' | 'stop') | null;
  silent: boolean;
  drill: boolean;
  opened_at: string;
  needed_teams: number;
  owner_id: string | null;
  owner_name: string | null;
  evaluation: ('genuine' | 'mistaken' | 'unclear') | null;
  cancelled: 'informed' | null;
  outcome: string | null;
  closed_at: string | null;
  merged_into: string | null;
  due_warn_at: string | null;
  due_breach_at: string | null;
  delivered_at: string | null;
  version: number;
  dispatches: Dispatch[];
}
export interface Position {
  lon: number;
  lat: number;
  accuracy_m: number | null;
  fixed_at: string;
}
export interface Dispatch {
  id: string;
  incident_id: string;
  team_id: string;
  team_code: string;
  state:
    | 'offered'
    | 'acknowledged'
    | 'accepted'
    | 'en_route'
    | 'on_scene'
    | 'clear'
    | 'declined'
    | 'timed_out'
    | 'withdrawn';
  offered_at: string;
  acknowledged_at: string | null;
  accepted_at: string | null;
  en_route_at: string | null;
  on_scene_at: string | null;
  ended_at: string | null;
  reason: string | null;
  distance_m: number | null;
  eta_s: number | null;
  ack_due_at: string | null;
  accept_due_at: string | null;
  by: ('app' | 'radio') | null;
  lead: boolean;
  drill: boolean;
}
export interface IncidentChanged {
  seq: number | null;
  prev: number | null;
  type: 'incident.changed';
  at: string;
  data: Incident;
}
export interface DispatchOffered {
  seq: number | null;
  prev: number | null;
  type: 'dispatch.offered';
  at: string;
  data: Offer;
}
export interface Offer {
  id: string;
  incident_id: string;
  team_id: string;
  team_code: string;
  state:
    | 'offered'
    | 'acknowledged'
    | 'accepted'
    | 'en_route'
    | 'on_scene'
    | 'clear'
    | 'declined'
    | 'timed_out'
    | 'withdrawn';
  offered_at: string;
  acknowledged_at: string | null;
  accepted_at: string | null;
  en_route_at: string | null;
  on_scene_at: string | null;
  ended_at: string | null;
  reason: string | null;
  distance_m: number | null;
  eta_s: number | null;
  ack_due_at: string | null;
  accept_due_at: string | null;
  by: ('app' | 'radio') | null;
  lead: boolean;
  drill: boolean;
  incident: OfferIncident;
}
export interface OfferIncident {
  id: string;
  olay_no: string;
  kind: string;
  source: string;
  priority: number;
  position: Position | null;
  position_kind: 'fix' | 'last_known' | 'none';
  place_text: string | null;
  instruction: ('observe' | 'stop') | null;
  silent: boolean;
  drill: boolean;
}
export interface DispatchChanged {
  seq: number | null;
  prev: number | null;
  type: 'dispatch.changed';
  at: string;
  data: Dispatch;
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
export interface PtsHit {
  hit_id: string;
  incident_id: string | null;
  gate_id: string;
  category: 'stolen' | 'wanted' | 'terror' | 'other';
  read_at: string;
  verdict: ('confirmed' | 'misread' | 'not_active') | null;
  outcome: string | null;
  position: Position | null;
  late: boolean;
  drill: boolean;
}
export interface TeamMovedFrame {
  seq: number | null;
  prev: number | null;
  type: 'team.moved';
  at: string;
  data: TeamMoved;
}
export interface TeamMoved {
  team_id: string;
  code: string;
  kind: string;
  force: 'police' | 'gendarmerie';
  roster: string;
  free: boolean;
  position: Position;
  heading_deg: number | null;
  speed_mps: number | null;
  stale: boolean;
}
export interface TeamChangedFrame {
  seq: number | null;
  prev: number | null;
  type: 'team.changed';
  at: string;
  data: TeamChanged;
}
export interface TeamChanged {
  team_id: string;
  code: string;
  kind: string;
  force: 'police' | 'gendarmerie';
  province: number;
  roster: string;
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
export interface CameraChanged {
  camera_id: string;
  state: string;
}
export interface DeskAlarmFrame {
  seq: number | null;
  prev: number | null;
  type: 'desk.alarm';
  at: string;
  data: DeskAlarm;
}
export interface DeskAlarm {
  alarm_id: string;
  incident_id: string | null;
  kind:
    | 'nobody_free'
    | 'offers_exhausted'
    | 'unowned'
    | 'declined_after_accept'
    | 'konumsuz'
    | 'revoked_device'
    | 'team_panic'
    | 'job_failed';
  raised_at: string;
  acked_at: string | null;
  acked_by: string | null;
  note: string | null;
  drill: boolean;
}
export interface StandardWarned {
  seq: number | null;
  prev: number | null;
  type: 'standard.warned';
  at: string;
  data: Standard;
}
export interface Standard {
  incident_id: string;
  standard: string;
  due_at: string;
}
export interface StandardBreached {
  seq: number | null;
  prev: number | null;
  type: 'standard.breached';
  at: string;
  data: Standard;
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
export interface Ack {
  type: 'ack';
  seq: number;
}
export interface Shown {
  type: 'shown';
  seq: number;
}
export interface DispatchStatus {
  type: 'dispatch.status';
  dispatch_id: string;
  client_id: string;
  state: 'acknowledged' | 'accepted' | 'en_route' | 'on_scene' | 'clear' | 'declined';
}
export interface PositionIn {
  type: 'position';
  lon: number;
  lat: number;
  accuracy_m: number | null;
  fixed_at: string;
  heading_deg: number | null;
  speed_mps: number | null;
}
export interface Viewport {
  type: 'viewport';
  /**
   * @minItems 4
   * @maxItems 4
   */
  bbox: [unknown, unknown, unknown, unknown];
}
