import type { Event, Offer, Position, TeamChanged } from '../wire/frames';

export interface TeamState {
  readonly team: TeamChanged | null;
  /** What this crew has in hand: asked, or on the way. */
  readonly inHand: ReadonlyMap<string, Offer>;
  /** What ended without the crew having ended it, until somebody has read it. */
  readonly told: ReadonlyMap<string, Offer>;
  /** Where a caller is now, by incident. */
  readonly places: ReadonlyMap<string, Position>;
}

export const NO_TEAM: TeamState = { team: null, inHand: new Map(), told: new Map(), places: new Map() };

export type TeamChange =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'mine'; readonly items: readonly Offer[] }
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'read'; readonly id: string };

const ENDED: ReadonlySet<Offer['state']> = new Set(['clear', 'declined', 'withdrawn']);
const ASKED: ReadonlySet<Offer['state']> = new Set(['offered', 'acknowledged', 'timed_out']);

export function isAsked(offer: Offer): boolean {
  return ASKED.has(offer.state);
}

/** Rings the phone: asked and not answered. A timed-out offer may still be accepted, but no longer rings. */
export function isRinging(offer: Offer): boolean {
  return offer.state === 'offered' || offer.state === 'acknowledged';
}

export function reduceTeam(state: TeamState, changes: readonly TeamChange[]): TeamState {
  let next = state;
  for (const change of changes) next = apply(next, change);
  return next;
}

function apply(state: TeamState, change: TeamChange): TeamState {
  switch (change.kind) {
    case 'fresh':
      return { ...state, inHand: new Map() };
    case 'mine': {
      const listed = change.items.reduce(put, state);
      return listed;
    }
    case 'offer':
      return put(state, change.offer);
    case 'read': {
      const told = new Map(state.told);
      told.delete(change.id);
      return { ...state, told };
    }
    case 'event':
      return applyEvent(state, change.event);
  }
}

function applyEvent(state: TeamState, event: Event): TeamState {
  switch (event.type) {
    case 'dispatch.offered':
    case 'dispatch.changed':
      return put(state, event.data);
    case 'team.changed':
      return { ...state, team: event.data };
    case 'kades.trail':
      return { ...state, places: new Map(state.places).set(event.data.incident_id, event.data.position) };
    default:
      return state;
  }
}

function put(state: TeamState, offer: Offer): TeamState {
  const before = state.inHand.get(offer.id);
  const inHand = new Map(state.inHand);
  if (!ENDED.has(offer.state)) {
    inHand.set(offer.id, offer);
    return { ...state, inHand };
  }
  inHand.delete(offer.id);
  // Told on the screen: what the desk or another crew ended under this crew's hands, not what it ended itself.
  if (offer.state !== 'withdrawn' || !before) return { ...state, inHand };
  return { ...state, inHand, told: new Map(state.told).set(offer.id, offer) };
}

/** Where to drive: the caller's newest point where the phone sends a trail, else the incident's place. */
export function destination(state: TeamState, offer: Offer): Position | null {
  return state.places.get(offer.incident.id) ?? offer.incident.position;
}
