import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { code, t, timeText } from '../i18n';
import { Fault, Section, useAct } from '../ui/parts';
import type { AlertDetail, Caller, Page, TrailPoint } from '../wire/answers';
import type { Incident, KadesAlert } from '../wire/frames';
import { VERDICTS, type Acts } from './acts';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { desk as w } from './words';

interface Props {
  readonly desk: Desk;
  readonly acts: Acts;
  readonly incident: Incident;
  readonly alert: KadesAlert | null;
  readonly caller: Caller | null;
  readonly mayEvaluate: boolean;
}

/** Who pressed and how, and the evaluation by one click (E10). What she pressed before is not shown: it must not weigh (E12). */
export function KadesCard(props: Props): JSX.Element {
  const { incident, caller } = props;
  const act = useAct();
  const alerts = useAsked(`${incident.id}:${String(incident.further)}`, () => props.desk.rest.get<Page<AlertDetail>>(`/kades/alerts?incident_id=${incident.id}`));
  useEffect(() => {
    // What she has walked before this console looked; the newest points come by frames.
    props.desk.rest.get<Page<TrailPoint>>(`/kades/trail?incident_id=${incident.id}`).then(
      (trail) => { props.desk.store.push({ kind: 'trail', incidentId: incident.id, points: trail.items.flatMap((one) => one.position ?? []) }); },
      () => undefined,
    );
  }, [props.desk, incident.id]);
  const alertId = props.alert?.alert_id ?? alerts.value?.items[0]?.alert_id ?? incident.source_id;
  return (
    <Section title={t(w.caller)}>
      {(alerts.value?.items ?? []).some((one) => one.duress) && !(props.alert?.duress ?? false) && <p class="chip danger">{t(w.duress)}</p>}
      {(caller?.protection_order ?? false) && <p class="chip danger">{t(w.protection)}</p>}
      <dl class="facts">
        <dt>{t(['Ad', 'Name'])}</dt><dd>{caller?.name ?? '—'}</dd>
        <dt>{t(['Telefon', 'Phone'])}</dt><dd>{caller?.phone ?? '—'}</dd>
        <dt>{t(w.safeChannel)}</dt><dd>{code(caller?.safe_channel)}</dd>
        <dt>{t(['Dil', 'Language'])}</dt><dd>{caller?.language ?? '—'}</dd>
        {(alerts.value?.items ?? []).map((one) => [<dt key={`${one.alert_id}-t`}>{code(one.trigger)}</dt>, <dd key={one.alert_id}>{timeText(one.received_at)}</dd>])}
      </dl>
      {incident.evaluation !== null && <p class="chip" data-testid="evaluation">{t(w.evaluated, { verdict: code(incident.evaluation) })}</p>}
      {props.mayEvaluate && alertId !== null && (
        <div class="row" role="group" aria-label={t(w.evaluate)}>
          {VERDICTS.map((verdict, i) => (
            <button
              key={verdict} type="button" class={`button small ${incident.evaluation === verdict ? 'primary' : ''}`} data-testid={`evaluate-${verdict}`} disabled={act.busy}
              onClick={() => { act.run(() => props.acts.evaluate(alertId, verdict, '')); }}
            >
              {code(verdict)} <kbd>{i + 1}</kbd>
            </button>
          ))}
        </div>
      )}
      <Fault text={act.problem} />
    </Section>
  );
}
