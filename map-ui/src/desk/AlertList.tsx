import type { JSX } from 'preact';
import { code, metres, span, t, timeText } from '../i18n';
import { clockText, standardClock } from '../state/countdown';
import { activeDispatches, isServed, isUntaken, openOffers, type Row } from '../state/order';
import { DrillChip, useTick } from '../ui/parts';
import { fixedAt, type DeskAlarm, type Incident, type PtsHit } from '../wire/frames';
import { desk as w } from './words';

export function AlertList(props: {
  /** Said over the list while it is not live; null while it is. */
  readonly stale: string | null;
  readonly rows: readonly Row[];
  readonly alarms: readonly DeskAlarm[];
  readonly hits: readonly PtsHit[];
  readonly selected: string | null;
  readonly now: () => number;
  readonly mayAck: boolean;
  readonly onSelect: (id: string) => void;
  readonly onAck: (id: string) => void;
  readonly onHit: (hit: PtsHit) => void;
}): JSX.Element {
  useTick(1_000);
  const unowned = props.rows.filter((row) => row.unowned).length;
  return (
    <section class="panel list" aria-label={t(w.alerts)}>
      <header class="row">
        <h2 class="grow">{t(w.alerts)}</h2>
        {unowned > 0 && <span class="chip danger">{t(w.unownedCount, { n: unowned })}</span>}
        <span class="chip">{props.rows.length}</span>
      </header>
      {props.stale !== null && <p class="stale-line" aria-hidden="true">{props.stale}</p>}
      {props.alarms.map((alarm) => <AlarmLine key={alarm.alarm_id} alarm={alarm} mayAck={props.mayAck} onSelect={props.onSelect} onAck={props.onAck} />)}
      <ul class="scroll">
        {props.rows.length === 0 && <li class="empty muted">{t(w.nothing)}</li>}
        {props.rows.map((row) => (
          <li key={row.incident.id}>
            <IncidentLine row={row} now={props.now()} selected={row.incident.id === props.selected} onSelect={props.onSelect} />
          </li>
        ))}
      </ul>
      {props.hits.length > 0 && <OpenHits hits={props.hits} onHit={props.onHit} />}
    </section>
  );
}

function OpenHits(props: { readonly hits: readonly PtsHit[]; readonly onHit: (hit: PtsHit) => void }): JSX.Element {
  return (
    <div class="open-hits">
      <h3>{t(w.openHits)}</h3>
      <div class="row">
        {props.hits.map((hit) => (
          <button key={hit.hit_id} type="button" class="button small" data-testid="open-hit" onClick={() => { props.onHit(hit); }}>{code(hit.category)} · {timeText(hit.read_at)}</button>
        ))}
      </div>
    </div>
  );
}

function AlarmLine(props: { readonly alarm: DeskAlarm; readonly mayAck: boolean; readonly onSelect: (id: string) => void; readonly onAck: (id: string) => void }): JSX.Element {
  const { alarm } = props;
  return (
    <div class="alarm" role="alert" data-testid="alarm" data-kind={alarm.kind}>
      <button type="button" class="alarm-text" onClick={() => { if (alarm.incident_id !== null) props.onSelect(alarm.incident_id); }}>
        <strong>{code(alarm.kind)}</strong> <DrillChip on={alarm.drill} /> <span>{timeText(alarm.raised_at)}</span>
        {alarm.note !== null && <span class="alarm-note">{alarm.note}</span>}
      </button>
      {props.mayAck && <button type="button" class="button small" onClick={() => { props.onAck(alarm.alarm_id); }}>{t(w.acknowledge)} <kbd>A</kbd></button>}
    </div>
  );
}

function IncidentLine(props: { readonly row: Row; readonly now: number; readonly selected: boolean; readonly onSelect: (id: string) => void }): JSX.Element {
  const { incident, unowned, standard } = props.row;
  const classes = ['incident', incident.source, incident.drill ? 'is-drill' : '', unowned ? 'is-unowned' : '', props.selected ? 'is-selected' : ''];
  return (
    <button type="button" class={classes.join(' ')} aria-pressed={props.selected} data-testid="incident" data-id={incident.id} onClick={() => { props.onSelect(incident.id); }}>
      <span class="row top">
        <strong class="grow">{code(incident.kind)}</strong>
        <DrillChip on={incident.drill} />
        <StandardChip incident={incident} now={props.now} breached={standard === 'breached'} />
      </span>
      <span class="row sub">
        <span class="grow">{incident.olay_no} · {placeText(incident, props.now)}</span>
        <span>{timeText(incident.opened_at)}</span>
      </span>
      <span class="row sub">
        <span class={`chip ${unowned ? 'danger' : ''}`}>{ownerText(incident)}</span>
        <span class={`chip ${tone(incident)}`}>{whoGoes(incident)}</span>
        {incident.evaluation !== null && <span class="chip">{code(incident.evaluation)}</span>}
        {incident.cancelled !== null && <span class="chip warn">{t(['iptal bildirildi', 'cancel reported'])}</span>}
      </span>
    </button>
  );
}

function ownerText(incident: Incident): string {
  if (incident.owner_name === null) return t(w.unowned);
  return isUntaken(incident) ? t(w.handedTo, { name: incident.owner_name }) : incident.owner_name;
}

export function StandardChip(props: { readonly incident: Incident; readonly now: number; readonly breached?: boolean }): JSX.Element | null {
  const clock = standardClock(props.incident, props.now);
  if (!clock) return null;
  if (clock.tone === 'met') return <span class="chip good">{t(w.delivered, { t: clockText(clock.elapsed) })}</span>;
  const colour = props.breached === true || clock.tone === 'breach' ? 'danger' : clock.tone === 'warn' ? 'warn' : '';
  return <span class={`chip ${colour}`} data-testid="standard">{clockText(clock.elapsed)} / {t(w.standard)}</span>;
}

export function placeText(incident: Incident, now: number): string {
  if (incident.place_text) return incident.place_text;
  if (!incident.position) return t(w.noPosition);
  if (incident.position_kind === 'last_known') return t(w.lastKnown, { age: span((now - fixedAt(incident.position)) / 1000) });
  const { lon, lat, accuracy_m } = incident.position;
  const where = `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
  return accuracy_m === null ? where : `${where} ${t(w.accuracy, { m: metres(accuracy_m) })}`;
}

/** The one thing to know of the chain: who goes, who is being asked, or that nobody is. */
function whoGoes(incident: Incident): string {
  const going = activeDispatches(incident);
  const lead = going.find((one) => one.lead) ?? going[0];
  if (lead) return `${lead.team_code} · ${code(lead.state)}${going.length > 1 ? ` +${String(going.length - 1)}` : ''}`;
  const asked = openOffers(incident)[0];
  if (!asked && isServed(incident)) return t(w.awaitsOutcome);
  return asked ? `${asked.team_code} · ${code(asked.state)}` : code(incident.state);
}

function tone(incident: Incident): string {
  if (activeDispatches(incident).length > 0 || isServed(incident)) return 'good';
  return incident.state === 'waiting' ? 'danger' : 'warn';
}
