import type { Dispatch, Event, Incident, Offer, PtsHit, TeamMoved } from '../wire/frames';

/** Builders for tests: whole, valid values of which a test changes only what it is about. */
export const NOON = '2026-03-01T09:00:00Z';

export function anIncident(change: Partial<Incident> = {}): Incident {
  return {
    id: 'i1', olay_no: '26-2026-000001', kind: 'kades', source: 'kades', source_id: 'a1', priority: 1, state: 'raised', provinces: [26],
    position: null, position_kind: 'none', place_text: null, instruction: null, silent: false, drill: false, opened_at: NOON, needed_teams: 1,
    owner_id: null, owner_name: null, taken_at: null, further: 0, automatic: true, outcome_body: null, evaluation: null, cancelled: null, outcome: null, closed_at: null, merged_into: null,
    due_warn_at: null, due_breach_at: null, delivered_at: null, version: 1, dispatches: [], ...change,
  };
}

export function aDispatch(change: Partial<Dispatch> = {}): Dispatch {
  return {
    id: 'd1', incident_id: 'i1', team_id: 't1', team_code: '2601', state: 'offered', offered_at: NOON, acknowledged_at: null, accepted_at: null,
    en_route_at: null, on_scene_at: null, ended_at: null, reason: null, distance_m: 820, eta_s: 120, fix_age_s: 4, ack_due_at: '2026-03-01T09:00:15Z',
    accept_due_at: '2026-03-01T09:00:30Z', by: null, lead: false, drill: false, ...change,
  };
}

export function anOffer(change: Partial<Offer> = {}): Offer {
  const { id, olay_no, kind, source, priority, state, position, position_kind, place_text, instruction, silent, drill } = anIncident({ state: 'offered' });
  const incident = { id, olay_no, kind, source, priority, state, position, position_kind, place_text, instruction, silent, drill };
  return { ...aDispatch(), incident, ...change };
}

export function aHit(change: Partial<PtsHit> = {}): PtsHit {
  return {
    hit_id: 'h1', incident_id: 'i1', gate_id: 'g1', category: 'stolen', read_at: NOON, verdict: null, outcome: null,
    position: { lon: 30.52, lat: 39.77, accuracy_m: null, fixed_at: NOON }, late: false, drill: false, ...change,
  };
}

export function aMove(change: Partial<TeamMoved> = {}): TeamMoved {
  return {
    team_id: 't1', code: '2601', kind: 'patrol', force: 'police', roster: 'available', free: true,
    position: { lon: 30.52, lat: 39.77, accuracy_m: 8, fixed_at: NOON }, heading_deg: 90, speed_mps: 8, stale: false, ...change,
  };
}

export function anEvent<T extends Event['type']>(type: T, data: Extract<Event, { type: T }>['data'], seq: number | null = null): Event {
  return { seq, prev: null, type, at: NOON, data } as unknown as Event;
}
