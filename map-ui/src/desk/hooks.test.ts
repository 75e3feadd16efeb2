import { expect, it } from 'vitest';
import { EMPTY, reduce } from '../state/desk';
import { aMove, anEvent, anIncident } from '../state/samples';
import { saysMore } from './hooks';

it('leaves the lists alone while teams only move', () => {
  const moved = reduce(EMPTY, [{ kind: 'event', event: anEvent('team.moved', aMove()) }]);
  expect(saysMore(EMPTY, moved)).toBe(false);
});

it('draws the lists at once when an incident comes', () => {
  const opened = reduce(EMPTY, [{ kind: 'event', event: anEvent('incident.opened', anIncident()) }]);
  expect(saysMore(EMPTY, opened)).toBe(true);
});
