import type { LonLat } from '../map/geometry';
import { activeDispatches, openOffers } from '../state/order';
import type { Dispatch, Incident } from '../wire/frames';
import type { Rest } from '../wire/rest';

export interface NewIncident {
  readonly kind: string;
  readonly priority: number;
  readonly position: LonLat | null;
  readonly place_text: string | null;
  readonly caller: { readonly name: string | null; readonly phone: string | null; readonly words: string | null } | null;
  readonly drill: boolean;
}

export type RadioState = 'accepted' | 'en_route' | 'on_scene' | 'clear' | 'declined';

export const VERDICTS = ['genuine', 'mistaken', 'unclear'] as const;
export const HIT_VERDICTS = ['confirmed', 'misread', 'not_active'] as const;
export type HitVerdict = (typeof HIT_VERDICTS)[number];

/** Every act of the desk, one function each. Each POST carries its own client id and is repeated under it by `Rest`. */
export function acts(rest: Rest) {
  const incident = (id: string, act: string, body: Record<string, unknown> = {}): Promise<unknown> => rest.post(`/incidents/${id}/${act}`, body);
  return {
    take: (id: string) => incident(id, 'take'),
    dispatchNearest: (id: string) => incident(id, 'dispatches'),
    dispatchTeam: (id: string, team_id: string) => incident(id, 'dispatches', { team_id }),
    reinforce: (id: string) => incident(id, 'reinforce', { teams: 1 }),
    reRoute: (id: string, to: LonLat) => incident(id, 're-route', { position: { lon: to.lon, lat: to.lat } }),
    merge: (id: string, into: string) => incident(id, 'merge', { into }),
    handOver: (id: string, note: string, to: string | null) => incident(id, 'hand-over', to === null ? { note } : { note, to }),
    close: (id: string, outcome: string, note: string, body: string | null) => incident(id, 'close', body === null ? { outcome, note } : { outcome, note, body }),
    open: (draft: NewIncident) => rest.post<Incident>('/incidents', { ...draft }),
    note: (id: string, note: string) => incident(id, 'notes', { note }),
    withdraw: (dispatch: Dispatch) => rest.post(`/dispatches/${dispatch.id}/withdraw`),
    byRadio: (dispatch: Dispatch, state: RadioState) => rest.post(`/dispatches/${dispatch.id}/status`, { state, by: 'radio' }),
    ackAlarm: (id: string) => rest.post(`/alarms/${id}/ack`),
    evaluate: (alertId: string, verdict: NonNullable<Incident['evaluation']>, note: string) => rest.post(`/kades/alerts/${alertId}/evaluation`, { verdict, note }),
    verdict: (hitId: string, verdict: HitVerdict, note: string) => rest.post(`/pts/hits/${hitId}/verdict`, { verdict, note }),
    hitOutcome: (hitId: string, outcome: string, note: string) => rest.post(`/pts/hits/${hitId}/outcome`, { outcome, note }),
  };
}

export type Acts = ReturnType<typeof acts>;

/** The nearest team, or one more where somebody is already asked or going. */
export function sendOne(acts: Acts, incident: Incident): Promise<unknown> {
  const more = activeDispatches(incident).length > 0 || openOffers(incident).length > 0;
  return more ? acts.reinforce(incident.id) : acts.dispatchNearest(incident.id);
}
