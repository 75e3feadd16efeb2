import type { JSX } from 'preact';
import { code, span, t } from '../i18n';
import { isStale, teamLook } from '../layers/teams';
import type { Team } from '../state/desk';
import { Fault, useAct, useTick } from '../ui/parts';
import { fixedAt, type Incident } from '../wire/frames';
import type { Acts } from './acts';
import { desk as w } from './words';

export function TeamCard(props: { readonly team: Team; readonly incident: Incident | null; readonly acts: Acts; readonly maySend: boolean; readonly now: number; readonly onClose: () => void }): JSX.Element {
  useTick(5_000);
  const { team, incident, now } = props;
  const act = useAct();
  const look = teamLook(team);
  return (
    <aside class="panel team-card" data-testid="team-card">
      <div class="row">
        <strong class="grow">{team.code}</strong>
        <span class={`chip ${look === 'free' ? 'good' : look === 'engaged' ? 'warn' : ''}`}>{code(look === 'away' ? team.roster : look === 'free' ? 'available' : 'busy')}</span>
        <button type="button" class="button quiet small" onClick={props.onClose}>✕</button>
      </div>
      <p class="muted">{code(team.kind)} · {code(team.force)}</p>
      <p class={isStale(team, now) ? 'stale' : 'muted'}>{team.position ? t(w.fixAge, { age: span((now - fixedAt(team.position)) / 1000) }) : code('none')}</p>
      {props.maySend && incident && incident.state !== 'closed' && (
        <button type="button" class="button primary wide" disabled={act.busy || !team.free} onClick={() => { act.run(() => props.acts.dispatchTeam(incident.id, team.team_id)); }}>
          {t(w.sendTo, { olay: incident.olay_no })}
        </button>
      )}
      <Fault text={act.problem} />
    </aside>
  );
}
