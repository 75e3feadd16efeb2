import type { Polygon } from 'geojson';
import type { DeskAlarm, Dispatch, Incident, KadesAlert, KadesStage, Offer, Position, PtsHit, TeamChanged } from './frames';

/** What the pages read by REST: the part of /openapi.json they lean on. */
export type Role = 'operator' | 'dispatcher' | 'supervisor' | 'team' | 'judicial' | 'auditor' | 'admin';

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Me {
  readonly id?: string;
  readonly role: Role;
  readonly provinces: readonly number[];
  readonly team_id: string | null;
  readonly name: string;
  readonly demo: boolean;
  readonly centre?: { readonly lon: number; readonly lat: number } | null;
}

/** What the pages ask before anybody has signed in. */
export interface Config {
  readonly demo: boolean;
  readonly map: { readonly style_day: string; readonly style_night: string };
}

export const DEFAULT_CONFIG: Config = { demo: false, map: { style_day: '/basemap/style-day.json', style_night: '/basemap/style-night.json' } };

export interface Caller {
  readonly name?: string | null;
  readonly phone?: string | null;
  readonly language?: string | null;
  readonly safe_channel?: string | null;
  readonly protection_order?: boolean | null;
  readonly device_revoked?: boolean | null;
}

export interface HitDetail {
  readonly hit_id: string;
  readonly incident_id: string;
  readonly plate: string;
  readonly plate_read: string;
  readonly category: PtsHit['category'];
  readonly authority: string | null;
  readonly document: string | null;
  readonly list_age_s: number | null;
  readonly gate: { readonly id: string; readonly name: string; readonly position: { readonly lon: number; readonly lat: number } };
  readonly read_at: string;
  readonly confidence: number | null;
  readonly match: string;
  readonly verdict: PtsHit['verdict'];
  readonly outcome: PtsHit['outcome'];
  readonly foreign: boolean;
  readonly late: boolean;
  readonly has_image: boolean;
}

/** A hit as lists tell it: without its plate, which is shown to whoever opens the hit, and audited then. */
export type ListedHit = Omit<HitDetail, 'plate' | 'plate_read'> & { readonly plate: null; readonly plate_read: null };

export interface IncidentDetail extends Incident {
  readonly caller?: Caller | null;
  readonly hit?: HitDetail | null;
}

export interface Candidate {
  readonly round: number;
  readonly team_id: string;
  readonly team_code: string;
  readonly distance_m: number | null;
  readonly eta_s: number | null;
  readonly fix_age_s: number | null;
  readonly stale: boolean;
  readonly free: boolean;
  readonly chosen: boolean;
  readonly reason: string | null;
}

export interface HistoryLine {
  readonly at: string;
  readonly kind: string;
  readonly actor: string | null;
  readonly detail: unknown;
}

/** Somebody an incident can be handed to. Whether they sit at a desk now nobody knows; `last_seen_at` is their page's latest renewal. */
export interface Colleague {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Those that the reader serves too. */
  readonly provinces: readonly number[];
  readonly last_seen_at: string;
}

export interface TeamRow extends TeamChanged {
  readonly position: Position | null;
  readonly fix_age_s: number | null;
  readonly heading_deg?: number | null;
  readonly speed_mps?: number | null;
}

export interface Camera {
  readonly id: string;
  readonly name: string;
  readonly province: number;
  readonly position: { readonly lon: number; readonly lat: number };
  readonly bearing_deg: number | null;
  readonly fov_deg: number | null;
  readonly range_m: number | null;
  readonly sector: Polygon | null;
  readonly state: string;
}

export interface Gate {
  readonly id: string;
  readonly name: string;
  readonly position: { readonly lon: number; readonly lat: number };
  readonly bearing_deg: number | null;
}

export interface AlertDetail {
  readonly alert_id: string;
  readonly incident_id: string;
  readonly trigger: KadesAlert['trigger'];
  readonly pressed_at: string | null;
  readonly received_at: string;
  readonly position: Position | null;
  readonly evaluation: { readonly verdict: NonNullable<Incident['evaluation']>; readonly by: string | null; readonly at: string; readonly note: string | null } | null;
  readonly duress: boolean;
  readonly device_revoked: boolean;
}

export interface TrailPoint {
  readonly alert_id: string;
  readonly position: Position | null;
}

export interface AlertStatus {
  readonly alert_id: string;
  readonly incident_id: string;
  readonly received_at: string;
  readonly stage: KadesStage;
  readonly silent: boolean;
}

/** What a crew needs to know a vehicle by; stands in no frame. */
export interface Vehicle {
  readonly plate: string;
  readonly category: PtsHit['category'];
}

/** What a status answers: what holds now, and whether this word of the crew changed it. */
export interface StatusAnswer extends Offer {
  readonly applied: boolean;
}

export interface OfferDetail extends Offer {
  readonly vehicle?: Vehicle | null;
}

export interface Address {
  readonly name: string | null;
  readonly address: string | null;
  readonly language: string | null;
  readonly safe_channel: string | null;
}

export type { DeskAlarm, Dispatch };
