import { expect, it } from 'vitest';
import { clockText, offerWait, secondsLeft, standardClock } from './countdown';
import { aDispatch, anIncident, NOON } from './samples';

const noon = Date.parse(NOON);

it('counts an offer down to its acknowledgement first and then to its acceptance', () => {
  expect(offerWait(aDispatch(), noon + 5_000)).toMatchObject({ what: 'ack', left: 10 });
  expect(offerWait(aDispatch({ state: 'acknowledged' }), noon + 5_000)).toMatchObject({ what: 'accept', left: 25 });
});
it('stops at zero and never counts below', () => {
  expect(offerWait(aDispatch(), noon + 90_000)).toMatchObject({ left: 0, share: 0 });
});
it('waits for nothing once accepted or timed out', () => {
  expect(offerWait(aDispatch({ state: 'accepted' }), noon)).toBeNull();
  expect(offerWait(aDispatch({ state: 'timed_out' }), noon)).toBeNull();
});
it("runs the ten-minute clock by the server's due times and stops it at delivery", () => {
  const incident = anIncident({ due_warn_at: '2026-03-01T09:07:00Z', due_breach_at: '2026-03-01T09:10:00Z' });
  expect(standardClock(incident, noon + 60_000)).toEqual({ elapsed: 60, tone: 'calm' });
  expect(standardClock(incident, noon + 420_000)?.tone).toBe('warn');
  expect(standardClock(incident, noon + 600_000)?.tone).toBe('breach');
  const delivered = anIncident({ ...incident, delivered_at: '2026-03-01T09:00:04Z' });
  expect(standardClock(delivered, noon + 999_000)).toEqual({ elapsed: 4, tone: 'met' });
});
it('writes times as a person reads them', () => {
  expect([clockText(7), clockText(247), clockText(3729), clockText(-61)]).toEqual(['0:07', '4:07', '1:02:09', '−1:01']);
});
it('has nothing left of a time it cannot read', () => {
  expect(secondsLeft('soon', noon)).toBeNull();
});
