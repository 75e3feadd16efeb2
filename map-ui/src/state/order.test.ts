import { describe, expect, it } from 'vitest';
import { EMPTY, reduce } from './desk';
import { alertList, openHits, ringing } from './order';
import { aDispatch, aHit, anEvent, anIncident, NOON } from './samples';
import type { DeskAlarm, Incident } from '../wire/frames';

const desk = (incidents: Incident[], alarms: DeskAlarm[] = []) =>
  reduce(EMPTY, [
    { kind: 'incidents', items: incidents, whole: true },
    { kind: 'alarms', items: alarms },
  ]);
const alarm = (change: Partial<DeskAlarm> = {}): DeskAlarm => ({
  alarm_id: 'al1', incident_id: null, kind: 'nobody_free', raised_at: NOON, acked_at: null, acked_by: null, note: null, drill: false, times: 1, ended_at: null, ...change,
});
const ids = (incidents: Incident[], alarms: DeskAlarm[] = []) => alertList(desk(incidents, alarms), 'dispatcher').map((row) => row.incident.id);

describe('the alert list', () => {
  it('puts what nobody has taken before what somebody has', () => {
    expect(ids([anIncident({ id: 'owned', owner_id: 'u', taken_at: NOON, priority: 1 }), anIncident({ id: 'free', priority: 5 })])).toEqual(['free', 'owned']);
  });
  it('puts the more urgent first and of two alike the older', () => {
    const later = '2026-03-01T09:05:00Z';
    expect(ids([anIncident({ id: 'b', opened_at: later }), anIncident({ id: 'c', priority: 4 }), anIncident({ id: 'a' })])).toEqual(['a', 'b', 'c']);
  });
  it('puts an incident with an unanswered alarm on top', () => {
    expect(ids([anIncident({ id: 'a' }), anIncident({ id: 'b', owner_id: 'u', taken_at: NOON, priority: 7 })], [alarm({ incident_id: 'b' })])).toEqual(['b', 'a']);
  });
  it('puts an incident without any team on the way before one that has one', () => {
    const assigned = anIncident({ id: 'a', dispatches: [aDispatch({ state: 'en_route' })] });
    expect(ids([assigned, anIncident({ id: 'b', priority: 9 })])).toEqual(['b', 'a']);
  });
  it('does not cry for a team where one was and is done', () => {
    const served = anIncident({ id: 'served', dispatches: [aDispatch({ state: 'clear' })] });
    expect(ids([served, anIncident({ id: 'waits', priority: 9 })])).toEqual(['waits', 'served']);
  });
  it('never lets a drill push a real one down', () => {
    expect(ids([anIncident({ id: 'drill', drill: true, priority: 1 }), anIncident({ id: 'real', priority: 9 })])).toEqual(['real', 'drill']);
  });
  it('leaves out what is closed or merged', () => {
    expect(ids([anIncident({ id: 'a', state: 'closed' }), anIncident({ id: 'b', merged_into: 'c' })])).toEqual([]);
  });
});

describe('what rings', () => {
  it('rings a press on every console until somebody has taken it', () => {
    expect(ringing(desk([anIncident()]), 'dispatcher').map((one) => one.tone)).toEqual(['kades']);
    expect(ringing(desk([anIncident({ owner_id: 'u', taken_at: NOON })]), 'dispatcher')).toEqual([]);
  });
  it('rings what was handed to somebody until that one has taken it', () => {
    const handed = anIncident({ owner_id: 'u', owner_name: 'U', taken_at: null });
    expect(ringing(desk([handed]), 'dispatcher').map((one) => one.tone)).toEqual(['kades']);
    expect(alertList(desk([handed]), 'dispatcher').map((row) => row.unowned)).toEqual([true]);
  });
  it("stops at the KGYS operator's desk once the press is evaluated, and rings on at the dispatcher's", () => {
    const evaluated = desk([anIncident({ evaluation: 'mistaken' })]);
    expect(ringing(evaluated, 'operator')).toEqual([]);
    expect(ringing(evaluated, 'dispatcher')).toHaveLength(1);
  });
  it('rings a hit at the operator until it was compared, and no telephone call', () => {
    const hit = { source: 'pts', instruction: 'observe' } as const;
    expect(ringing(desk([anIncident(hit), anIncident({ id: 'b', source: 'phone' })]), 'operator').map((one) => one.tone)).toEqual(['pts']);
    expect(ringing(desk([anIncident({ ...hit, instruction: 'stop' })]), 'operator')).toEqual([]);
  });
  it('spares the operator alarms only a dispatcher can answer, and not a crew that calls for help', () => {
    const both = desk([], [alarm(), alarm({ alarm_id: 'al2', kind: 'team_panic' })]);
    expect(ringing(both, 'operator').map((one) => one.tone)).toEqual(['panic']);
  });
  it('rings a silent press at the desk: silence is for her phone', () => {
    expect(ringing(desk([anIncident({ silent: true })]), 'dispatcher')).toHaveLength(1);
  });
  it('goes on for an alarm until it is acknowledged, loudest first', () => {
    const both = desk([anIncident({ source: 'pts' })], [alarm(), alarm({ alarm_id: 'al2', kind: 'team_panic' })]);
    expect(ringing(both, 'dispatcher').map((one) => one.tone)).toEqual(['panic', 'alarm', 'pts']);
    const answered = reduce(both, [{ kind: 'event', event: anEvent('desk.alarm', alarm({ acked_at: NOON })) }]);
    expect(ringing(answered, 'dispatcher').map((one) => one.tone)).toEqual(['panic', 'pts']);
  });
});

describe('hits that await their outcome', () => {
  const hits = (...incidents: Incident[]) => openHits(reduce(desk(incidents), [{ kind: 'hits', items: [aHit(), aHit({ hit_id: 'h2', outcome: 'not_found' })] }]));

  it('stand in a list of their own once their incident is over or in no list', () => {
    expect(hits(anIncident({ state: 'closed' })).map((hit) => hit.hit_id)).toEqual(['h1']);
    expect(hits().map((hit) => hit.hit_id)).toEqual(['h1']);
  });
  it('stand with their incident while it is open', () => {
    expect(hits(anIncident())).toEqual([]);
  });
});
