import { describe, expect, it } from 'vitest';
import { EMPTY, reduce, type Change, type DeskState } from './desk';
import { aDispatch, aHit, aMove, anEvent, anIncident, anOffer, NOON } from './samples';
import type { Event } from '../wire/frames';

const heard = (event: Event): Change => ({ kind: 'event', event });
const after = (state: DeskState, ...events: Event[]): DeskState => reduce(state, events.map(heard));

describe('incidents', () => {
  it('keeps the newer version when an older answer arrives late', () => {
    const state = after(EMPTY, anEvent('incident.changed', anIncident({ version: 3, state: 'assigned' })));
    const late = reduce(state, [{ kind: 'incidents', items: [anIncident({ version: 2, state: 'offered' })], whole: false }]);
    expect(late.incidents.get('i1')?.state).toBe('assigned');
  });

  it('puts a dispatch that changed into its incident and no second one', () => {
    const opened = anEvent('incident.opened', anIncident({ dispatches: [aDispatch()] }));
    const state = after(EMPTY, opened, anEvent('dispatch.changed', anOffer({ state: 'accepted' })), anEvent('dispatch.changed', anOffer({ id: 'd2' })));
    expect(state.incidents.get('i1')?.dispatches.map((one) => [one.id, one.state])).toEqual([['d1', 'accepted'], ['d2', 'offered']]);
  });

  it('drops closed ones that a whole list no longer names, and no open one that overtook it', () => {
    const state = after(EMPTY, anEvent('incident.opened', anIncident({ id: 'old', state: 'closed' })), anEvent('incident.opened', anIncident({ id: 'new' })));
    const listed = reduce(state, [{ kind: 'incidents', items: [], whole: true }]);
    expect([...listed.incidents.keys()]).toEqual(['new']);
  });

  it('forgets what an old picture said when a fresh one comes, and keeps the teams where they were', () => {
    const state = after(EMPTY, anEvent('incident.opened', anIncident()), anEvent('team.moved', aMove()));
    const fresh = reduce(state, [{ kind: 'fresh' }]);
    expect(fresh.incidents.size).toBe(0);
    expect(fresh.teams.size).toBe(1);
  });
});

describe('teams', () => {
  it('changes state without losing the position', () => {
    const state = after(EMPTY, anEvent('team.moved', aMove()), anEvent('team.changed', {
      team_id: 't1', code: '2601', kind: 'patrol', force: 'police', province: 26, roster: 'available', free: false, dispatch_id: 'd1',
    }));
    expect(state.teams.get('t1')).toMatchObject({ free: false, dispatch_id: 'd1', position: { lon: 30.52 } });
  });

  it('does not move a team back to an older position of a slower answer', () => {
    const state = after(EMPTY, anEvent('team.moved', aMove()));
    const listed = reduce(state, [{ kind: 'teams', items: [{
      team_id: 't1', code: '2601', kind: 'patrol', force: 'police', province: 26, roster: 'paused', free: false, dispatch_id: null,
      position: { lon: 1, lat: 2, accuracy_m: null, fixed_at: '2026-03-01T08:00:00Z' }, fix_age_s: 3600,
    }], asked: Date.parse(NOON) + 1 }]);
    expect(listed.teams.get('t1')).toMatchObject({ roster: 'paused', position: { lon: 30.52 }, stale: false });
  });
});

it('believes a frame that came while a list was being read, and not the list', () => {
  const row = {
    team_id: 't1', code: '2601', kind: 'patrol', force: 'police', province: 26, roster: 'available', free: true, dispatch_id: null, position: null, fix_age_s: null,
  } as const;
  const asked = Date.parse(NOON) - 5;
  const state = after(EMPTY, anEvent('team.changed', { team_id: 't1', code: '2601', kind: 'patrol', force: 'police', province: 26, roster: 'available', free: false, dispatch_id: 'd1' }));
  expect(reduce(state, [{ kind: 'teams', items: [row], asked }]).teams.get('t1')?.free).toBe(false);

  const opened = after(EMPTY, anEvent('incident.opened', anIncident({ dispatches: [aDispatch()] })), anEvent('dispatch.changed', anOffer({ state: 'accepted' })));
  const listed = reduce(opened, [{ kind: 'incidents', items: [anIncident({ dispatches: [aDispatch()] })], whole: true }]);
  expect(listed.incidents.get('i1')?.dispatches[0]?.state).toBe('accepted');
});

describe('trails', () => {
  const point = (second: number) => anEvent('kades.trail', {
    alert_id: 'a1', incident_id: 'i1', position: { lon: 30 + second / 1000, lat: 39, accuracy_m: 5, fixed_at: `2026-03-01T09:00:0${String(second)}Z` },
  });

  it('draws points that came out of order by the time of their fix, each once', () => {
    const state = after(EMPTY, point(1), point(3), point(2), point(3));
    expect(state.trails.get('i1')?.map((one) => one.fixed_at?.slice(17, 19))).toEqual(['01', '02', '03']);
  });

  it('goes with the incident when it closes', () => {
    const state = after(EMPTY, anEvent('incident.opened', anIncident()), point(1), anEvent('incident.changed', anIncident({ state: 'closed', version: 2 })));
    expect(state.trails.size).toBe(0);
  });
});

it('keeps a passed standard passed when the warning comes late', () => {
  const due = { incident_id: 'i1', standard: 'E3', due_at: NOON, drill: false } as const;
  const state = after(EMPTY, anEvent('standard.breached', due), anEvent('standard.warned', due));
  expect(state.standards.get('i1')).toBe('breached');
});

it('shows an unknown frame once however often it comes', () => {
  const unread: Change = { kind: 'unread', unread: { why: 'unknown_type', type: 'weather.changed', seq: null, prev: null } };
  expect(reduce(EMPTY, [unread, unread, unread]).notices).toHaveLength(1);
});

it('changes neither the state it was given nor maps that nothing touched', () => {
  const state = after(EMPTY, anEvent('team.moved', aMove()));
  const next = after(state, anEvent('incident.opened', anIncident()));
  expect(state.incidents.size).toBe(0);
  expect(next.teams).toBe(state.teams);
  expect(EMPTY.teams.size).toBe(0);
});

it('does not take a hit back to where a list of before saw it, and takes what the list knows newer', () => {
  const listed: Change = { kind: 'hits', items: [aHit({ verdict: 'confirmed' })] };
  expect(reduce(after(EMPTY, anEvent('pts.hit', aHit({ outcome: 'not_found', verdict: 'confirmed' }))), [listed]).hits.get('h1')?.outcome).toBe('not_found');
  expect(reduce(after(EMPTY, anEvent('pts.hit', aHit())), [listed]).hits.get('h1')?.verdict).toBe('confirmed');
});
