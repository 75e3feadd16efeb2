import type { JSX } from 'preact';
import { code, metres, span, t } from '../i18n';
import type { DeskState } from '../state/desk';
import { Fault, faultText, Section, useAct } from '../ui/parts';
import type { Candidate, Page } from '../wire/answers';
import type { Incident } from '../wire/frames';
import type { Acts } from './acts';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { desk as w } from './words';

/** The nearest teams as they were weighed, with the reason each was or was not chosen (E11). */
export function Candidates(props: { readonly desk: Desk; readonly acts: Acts; readonly incident: Incident; readonly state: DeskState; readonly maySend: boolean }): JSX.Element {
  const { incident } = props;
  const act = useAct();
  // A new round of choosing adds a dispatch; the list is read again exactly then.
  const asked = useAsked(`${incident.id}:${String(incident.dispatches.length)}:${incident.position?.fixed_at ?? ''}`, () =>
    props.desk.rest.get<Page<Candidate>>(`/incidents/${incident.id}/candidates`));
  const items = newestRound(asked.value?.items ?? []);
  return (
    <Section title={t(w.candidates)}>
      {asked.fault !== null && <Fault text={faultText(asked.fault)} />}
      {items.length === 0 && <p class="muted">{t(w.noCandidates)}</p>}
      <ul class="candidates">
        {items.map((one) => {
          const free = props.state.teams.get(one.team_id)?.free ?? one.free;
          return (
            <li key={one.team_id} class={one.chosen ? 'is-chosen' : ''} data-testid="candidate" data-team={one.team_code}>
              <strong>{one.team_code}</strong>
              <span class="grow">
                {metres(one.distance_m)} · {span(one.eta_s)} · <span class={one.stale ? 'stale' : ''}>{t(w.fixAge, { age: span(one.fix_age_s) })}{one.stale ? ` (${t(w.stale)})` : ''}</span>
                <small class="muted">{code(one.reason)}</small>
              </span>
              {props.maySend && (
                <button type="button" class="button small" disabled={act.busy || !free} onClick={() => { act.run(() => props.acts.dispatchTeam(incident.id, one.team_id)); }}>{t(w.sendTeam)}</button>
              )}
            </li>
          );
        })}
      </ul>
      <Fault text={act.problem} />
    </Section>
  );
}

function newestRound(items: readonly Candidate[]): readonly Candidate[] {
  const round = items.reduce((newest, one) => Math.max(newest, one.round), 0);
  return items.filter((one) => one.round === round);
}
