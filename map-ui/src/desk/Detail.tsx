import type { JSX } from 'preact';
import { code, t, timeText } from '../i18n';
import type { DeskState } from '../state/desk';
import { activeDispatches, isServed, isUntaken, openOffers } from '../state/order';
import type { HistoryLine, IncidentDetail, Page } from '../wire/answers';
import type { Incident } from '../wire/frames';
import { DrillChip, Fault, Section, useAct, useTick } from '../ui/parts';
import { sendOne, type Acts } from './acts';
import { placeText, StandardChip } from './AlertList';
import { Candidates } from './Candidates';
import { Chain } from './Chain';
import type { Desk } from './desk';
import { CloseForm, HandOverForm, MergeForm } from './forms';
import { HitCard } from './HitCard';
import { History } from './History';
import { useAsked } from './hooks';
import { KadesCard } from './KadesCard';
import { desk as w } from './words';

export type Form = 'close' | 'merge' | 'hand-over' | null;

export interface DetailProps {
  readonly desk: Desk;
  readonly acts: Acts;
  readonly state: DeskState;
  readonly incident: Incident;
  readonly form: Form;
  readonly setForm: (form: Form) => void;
  readonly onReRoute: () => void;
  readonly onClose: () => void;
}

/** Everything about one incident and everything that can be done about it by this role. */
export function Detail(props: DetailProps): JSX.Element {
  useTick(500);
  const { desk, incident, state, acts } = props;
  const now = desk.clock.now();
  const role = desk.me?.role;
  const dispatching = role === 'dispatcher' || role === 'supervisor';
  const evaluating = role === 'operator' || role === 'supervisor';
  const detail = useAsked(incident.id, () => desk.rest.get<IncidentDetail>(`/incidents/${incident.id}`));
  const open = incident.state !== 'closed';
  return (
    <aside class={`panel detail ${incident.source} ${incident.drill ? 'is-drill' : ''}`} data-testid="detail" data-id={incident.id} data-state={incident.state}>
      {incident.drill && <p class="drill-band" data-testid="drill-band">TATBİKAT · DRILL · TATBİKAT</p>}
      <header>
        <div class="row">
          <h2 class="grow">{code(incident.kind)}</h2>
          <StandardChip incident={incident} now={now} />
          <button type="button" class="button quiet small" aria-label={t(['Kapat', 'Close'])} onClick={props.onClose}>✕</button>
        </div>
        <div class="row sub">
          <span class="grow">{incident.olay_no} · {t(['öncelik', 'priority'])} {incident.priority}</span>
          <span class={`chip ${open ? 'warn' : ''}`} data-testid="incident-state">{code(incident.state)}</span>
        </div>
        <p class="place" data-testid="place">{placeText(incident, now)}</p>
        <Warnings incident={incident} state={state} detail={detail.value} />
        {incident.outcome !== null && <p class="chip good">{t(w.closedAs, { outcome: code(incident.outcome) })}</p>}
      </header>
      <div class="scroll">
        {dispatching && open && <HandOverNote desk={desk} incident={incident} />}
        {dispatching && open && <Bar {...props} />}
        {props.form === 'close' && <CloseForm acts={acts} incident={incident} onDone={() => { props.setForm(null); }} />}
        {props.form === 'hand-over' && <HandOverForm desk={desk} acts={acts} incident={incident} onDone={() => { props.setForm(null); }} />}
        {props.form === 'merge' && <MergeForm acts={acts} incident={incident} state={state} now={now} onDone={() => { props.setForm(null); }} />}
        {incident.source === 'kades' && <KadesCard desk={desk} acts={acts} incident={incident} alert={state.alerts.get(incident.id) ?? null} caller={detail.value?.caller ?? null} mayEvaluate={evaluating} />}
        {incident.source === 'pts' && <HitCard desk={desk} acts={acts} incident={incident} state={state} mayDecide={evaluating} />}
        {incident.source !== 'kades' && detail.value?.caller && <CallerLines name={detail.value.caller.name} phone={detail.value.caller.phone} />}
        <Section title={t(w.chain)}>
          <Chain desk={desk} acts={acts} incident={incident} now={now} mayAct={dispatching && open} />
        </Section>
        {dispatching && <Candidates desk={desk} acts={acts} incident={incident} state={state} maySend={open} />}
        <History desk={desk} acts={acts} incident={incident} mayWrite={dispatching} />
      </div>
    </aside>
  );
}

function CallerLines({ name, phone }: { readonly name: string | null | undefined; readonly phone: string | null | undefined }): JSX.Element {
  return <Section title={t(w.caller)}><p>{name ?? '—'} · {phone ?? '—'}</p></Section>;
}

function Warnings(props: { readonly incident: Incident; readonly state: DeskState; readonly detail: IncidentDetail | null }): JSX.Element {
  const { incident } = props;
  const alert = props.state.alerts.get(incident.id);
  const further = Math.max(alert?.further ?? 0, incident.further);
  const instruction = incident.instruction;
  return (
    <div class="warnings">
      <DrillChip on={incident.drill} />
      {(alert?.duress ?? false) && <span class="chip danger">{t(w.duress)}</span>}
      {incident.silent && <span class="chip danger">{t(w.silent)}</span>}
      {incident.position_kind !== 'fix' && incident.source === 'kades' && <span class="chip warn">{code(incident.position_kind)}</span>}
      {incident.cancelled !== null && <span class="chip warn">{t(w.cancelled)}</span>}
      {(props.detail?.caller?.device_revoked ?? false) && <span class="chip danger">{t(w.revoked)}</span>}
      {further > 0 && <span class="chip danger">{t(w.further, { n: further })}</span>}
      {instruction !== null && <span class={`chip ${instruction === 'stop' ? 'danger' : 'warn'}`} data-testid="instruction">{code(instruction)}</span>}
    </div>
  );
}

/** What the one before left for whoever has it next. It must not wait in the folded history. */
function HandOverNote({ desk, incident }: { readonly desk: Desk; readonly incident: Incident }): JSX.Element | null {
  // While nobody has taken it another note may come at any change; once somebody has, only before the next taking.
  const key = `${incident.id}:${incident.taken_at ?? `v${String(incident.version)}`}`;
  const asked = useAsked(key, () => desk.rest.get<Page<HistoryLine>>(`/incidents/${incident.id}/history`));
  const line = asked.value?.items.findLast((one) => one.kind === 'handed_over');
  if (line === undefined) return null;
  return (
    <p class="hand-over" data-testid="hand-over-note">
      <strong>{t(w.handOverNote)}</strong> <span class="muted">{line.actor ?? '—'} · {timeText(line.at)}</span>
      <span>{noteOf(line.detail)}</span>
    </p>
  );
}

function noteOf(detail: unknown): string {
  return typeof detail === 'object' && detail !== null && 'note' in detail && typeof detail.note === 'string' ? detail.note : '';
}

function Bar(props: DetailProps): JSX.Element {
  const act = useAct();
  const { incident, acts } = props;
  const untaken = isUntaken(incident);
  const mine = !untaken && incident.owner_id === props.desk.me?.id;
  const more = activeDispatches(incident).length > 0 || openOffers(incident).length > 0;
  const urgent = !more && !isServed(incident);
  return (
    <section class="bar">
      <div class="row">
        <button type="button" class={`button ${untaken ? 'primary' : ''}`} data-testid="take" disabled={act.busy || mine} onClick={() => { act.run(() => acts.take(incident.id)); }}>
          {untaken || incident.owner_name === null ? t(w.take) : t(w.taken, { name: incident.owner_name })} <kbd>T</kbd>
        </button>
        <button type="button" class={`button ${urgent ? 'danger' : ''}`} data-testid="dispatch-nearest" disabled={act.busy} onClick={() => { act.run(() => sendOne(acts, incident)); }}>
          {t(more ? w.reinforce : w.nearest)} <kbd>D</kbd>
        </button>
      </div>
      <div class="row">
        <button type="button" class="button small" onClick={props.onReRoute}>{t(w.reRoute)} <kbd>R</kbd></button>
        <button type="button" class="button small" onClick={() => { props.setForm('hand-over'); }}>{t(w.handOver)}</button>
        <button type="button" class="button small" onClick={() => { props.setForm('merge'); }}>{t(w.merge)}</button>
        <button type="button" class="button small" data-testid="close-incident" onClick={() => { props.setForm('close'); }}>{t(w.closeIncident)} <kbd>C</kbd></button>
      </div>
      {untaken && incident.owner_name !== null && <p class="muted" data-testid="handed-to">{t(w.handedTo, { name: incident.owner_name })}</p>}
      <Fault text={act.problem} />
    </section>
  );
}
