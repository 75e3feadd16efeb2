import { expect, it } from 'vitest';
import { anEvent, anOffer, NOON } from './samples';
import { destination, isAsked, isRinging, NO_TEAM, reduceTeam, type TeamChange } from './team';

const heard = (...offers: Parameters<typeof anOffer>[0][]): TeamChange[] =>
  offers.map((change) => ({ kind: 'event', event: anEvent('dispatch.changed', anOffer(change)) }));

it('holds an offer until it has ended', () => {
  const state = reduceTeam(NO_TEAM, heard({}, { state: 'accepted' }, { state: 'on_scene' }));
  expect(state.inHand.get('d1')?.state).toBe('on_scene');
  expect(reduceTeam(state, heard({ state: 'clear' })).inHand.size).toBe(0);
});

it('tells the crew what was withdrawn under its hands and why, until it was read', () => {
  const state = reduceTeam(NO_TEAM, heard({}, { state: 'withdrawn', reason: 'covered' }));
  expect(state.told.get('d1')?.reason).toBe('covered');
  expect(reduceTeam(state, [{ kind: 'read', id: 'd1' }]).told.size).toBe(0);
});

it('says nothing of what the crew itself declined', () => {
  expect(reduceTeam(NO_TEAM, heard({}, { state: 'declined' })).told.size).toBe(0);
});

it('stops ringing when an offer timed out and still lets it be accepted', () => {
  const late = anOffer({ state: 'timed_out' });
  expect([isRinging(late), isAsked(late)]).toEqual([false, true]);
});

it('drives to where the caller is now, not to where she pressed', () => {
  const there = { lon: 30.6, lat: 39.8, accuracy_m: 9, fixed_at: NOON };
  const state = reduceTeam(NO_TEAM, [
    ...heard({}),
    { kind: 'event', event: anEvent('kades.trail', { alert_id: 'a1', incident_id: 'i1', position: there }) },
  ]);
  expect(destination(state, anOffer())).toEqual(there);
});
