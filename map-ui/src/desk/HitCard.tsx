import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { code, span, t, timeText } from '../i18n';
import { hitOf, type DeskState } from '../state/desk';
import { Fault, faultText, Section, useAct } from '../ui/parts';
import type { HitDetail, IncidentDetail } from '../wire/answers';
import type { Incident } from '../wire/frames';
import { HIT_VERDICTS, type Acts, type HitVerdict as Verdict } from './acts';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { desk as w } from './words';

const HIT_OUTCOMES = ['vehicle_taken', 'person_taken', 'checked_released', 'not_found'] as const;

interface Props {
  readonly desk: Desk;
  readonly acts: Acts;
  readonly incident: Incident;
  readonly state: DeskState;
  readonly mayDecide: boolean;
}

/** The plate beside its list entry; the plate comes by REST with a face and a reason, never by a frame. */
export function HitCard(props: Props): JSX.Element {
  const { incident } = props;
  const frame = hitOf(props.state, incident.id);
  const key = `${incident.id}:${frame?.verdict ?? ''}:${frame?.outcome ?? ''}`;
  const asked = useAsked(key, async () => (await props.desk.rest.get<IncidentDetail>(`/incidents/${incident.id}`)).hit ?? null);
  const hit = asked.value;
  if (hit === null) return <Section title={t(w.hit)}>{asked.fault === null ? <p class="muted">…</p> : <Fault text={faultText(asked.fault)} />}</Section>;
  return (
    <Section title={t(w.hit)}>
      <p class="plate" data-testid="plate">{hit.plate}</p>
      <div class="row">
        <span class="chip danger">{code(hit.category)}</span>
        {hit.foreign && <span class="chip warn">{t(w.foreign)}</span>}
        {hit.late && <span class="chip warn">{t(w.late)}</span>}
        {hit.verdict !== null && <span class="chip" data-testid="hit-verdict" data-verdict={hit.verdict}>{code(hit.verdict)}</span>}
        {hit.outcome !== null && <span class="chip good" data-testid="hit-outcome">{code(hit.outcome)}</span>}
      </div>
      {hit.has_image && <Picture desk={props.desk} hitId={hit.hit_id} />}
      <HitFacts hit={hit} />
      {props.mayDecide && <Decide {...props} hit={hit} />}
    </Section>
  );
}

/** The picture the plate was read from. It comes with the token and not by an address, so it is fetched and not linked. */
function Picture({ desk, hitId }: { readonly desk: Desk; readonly hitId: string }): JSX.Element | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let made: string | null = null;
    let gone = false;
    desk.rest.picture(`/pts/hits/${hitId}/image`).then((blob) => {
      if (gone) return;
      made = URL.createObjectURL(blob);
      setUrl(made);
    }, () => { setUrl(null); });
    return () => {
      gone = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [desk, hitId]);
  return url === null ? null : <img class="picture" src={url} alt={t(w.compare)} />;
}

function HitFacts({ hit }: { readonly hit: HitDetail }): JSX.Element {
  return (
    <dl class="facts">
      <dt>{t(w.readAs)}</dt><dd class="mono">{hit.plate_read} · {code(hit.match)}</dd>
      <dt>{t(w.confidence)}</dt><dd>{hit.confidence === null ? '—' : `%${String(Math.round(hit.confidence * 100))}`}</dd>
      <dt>{t(w.gate)}</dt><dd>{hit.gate.name} · {timeText(hit.read_at)}</dd>
      <dt>{t(w.listEntry)}</dt><dd>{hit.authority ?? '—'} · {hit.document ?? '—'} · {t(w.listAge, { age: span(hit.list_age_s) })}</dd>
    </dl>
  );
}

function Decide(props: Props & { readonly hit: HitDetail }): JSX.Element | null {
  const act = useAct();
  const { hit, acts } = props;
  if (hit.outcome !== null) return null;
  const judge = (verdict: Verdict): JSX.Element => (
    <button key={verdict} type="button" class={`button small ${verdict === 'confirmed' ? 'danger' : ''}`} data-testid={`verdict-${verdict}`} disabled={act.busy} onClick={() => { act.run(() => acts.verdict(hit.hit_id, verdict, '')); }}>
      {code(verdict)} {hit.verdict === null && <kbd>{HIT_VERDICTS.indexOf(verdict) + 1}</kbd>}
    </button>
  );
  if (hit.verdict === null) {
    return (
      <>
        <p class="muted">{t(w.compare)}</p>
        <div class="row" role="group" aria-label={t(w.compare)}>{HIT_VERDICTS.map(judge)}</div>
        <Fault text={act.problem} />
      </>
    );
  }
  return (
    <>
      <p class="muted">{t(w.hitOutcome)}</p>
      <div class="row" role="group" aria-label={t(w.hitOutcome)}>
        {HIT_OUTCOMES.map((outcome) => (
          <button key={outcome} type="button" class="button small" data-testid={`hit-outcome-${outcome}`} disabled={act.busy} onClick={() => { act.run(() => acts.hitOutcome(hit.hit_id, outcome, '')); }}>{code(outcome)}</button>
        ))}
      </div>
      {/* A crew is told to stop a vehicle on this word: whoever was wrong must be able to take it back at once. */}
      <p class="muted">{t(w.takeBack)}</p>
      <div class="row" role="group" aria-label={t(w.takeBack)}>{HIT_VERDICTS.filter((one) => one !== 'confirmed').map(judge)}</div>
      <Fault text={act.problem} />
    </>
  );
}
