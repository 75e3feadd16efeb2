import type { Dispatch, Incident } from '../wire/frames';

/** Whole seconds until `due`, by the server's clock; negative once it has passed, null where nothing is due. */
export function secondsLeft(due: string | null, serverNow: number): number | null {
  if (due === null) return null;
  const at = Date.parse(due);
  return Number.isNaN(at) ? null : Math.ceil((at - serverNow) / 1000);
}

export interface Wait {
  readonly what: 'ack' | 'accept';
  readonly left: number;
  /** 1 full … 0 run out, for the ring that is drawn. */
  readonly share: number;
}

/** What an open offer is waiting for; null once it waits for nothing. */
export function offerWait(dispatch: Dispatch, serverNow: number): Wait | null {
  const what = dispatch.state === 'offered' ? 'ack' : dispatch.state === 'acknowledged' ? 'accept' : null;
  if (what === null) return null;
  const due = what === 'ack' ? dispatch.ack_due_at : dispatch.accept_due_at;
  const left = secondsLeft(due, serverNow);
  if (left === null) return null;
  const whole = Date.parse(due) - Date.parse(dispatch.offered_at);
  const share = whole > 0 ? Math.min(1, Math.max(0, (Date.parse(due) - serverNow) / whole)) : 0;
  return { what, left: Math.max(0, left), share };
}

export interface Standard {
  /** Seconds since the ihbar arrived (until delivered, where it was). */
  readonly elapsed: number;
  readonly tone: 'calm' | 'warn' | 'breach' | 'met';
}

/** The 10-minute clock of E3, told from the server's own due times. */
export function standardClock(incident: Incident, serverNow: number): Standard | null {
  if (incident.due_breach_at === null && incident.delivered_at === null) return null;
  const opened = Date.parse(incident.opened_at);
  if (incident.delivered_at !== null) return { elapsed: Math.floor((Date.parse(incident.delivered_at) - opened) / 1000), tone: 'met' };
  const past = (due: string | null): boolean => due !== null && Date.parse(due) <= serverNow;
  const tone = past(incident.due_breach_at) ? 'breach' : past(incident.due_warn_at) ? 'warn' : 'calm';
  return { elapsed: Math.max(0, Math.floor((serverNow - opened) / 1000)), tone };
}

/** `4:07`, `1:02:09`; a minus in front of what has passed. */
export function clockText(seconds: number): string {
  const whole = Math.abs(Math.trunc(seconds));
  const pad = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const text = hours > 0 ? `${String(hours)}:${pad(minutes)}:${pad(whole % 60)}` : `${String(minutes)}:${pad(whole % 60)}`;
  return seconds < 0 ? `−${text}` : text;
}
