import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { code, metres, span, t, timeText } from '../i18n';
import { offerWait } from '../state/countdown';
import { Fault, useAct } from '../ui/parts';
import type { Address } from '../wire/answers';
import type { Dispatch, Incident } from '../wire/frames';
import type { Acts, RadioState } from './acts';
import type { Desk } from './desk';
import { desk as w } from './words';

const OVER = new Set<Dispatch['state']>(['clear', 'declined', 'withdrawn']);
const NEXT: Readonly<Partial<Record<Dispatch['state'], readonly RadioState[]>>> = {
  offered: ['accepted', 'declined'],
  acknowledged: ['accepted', 'declined'],
  timed_out: ['accepted'],
  accepted: ['en_route', 'on_scene', 'declined'],
  en_route: ['on_scene', 'declined'],
  on_scene: ['clear'],
};

interface Props {
  readonly desk: Desk;
  readonly acts: Acts;
  readonly incident: Incident;
  readonly now: number;
  readonly mayAct: boolean;
}

/** Every team that was asked, newest first, with what it is waiting for and how long still. */
export function Chain(props: Props): JSX.Element {
  const chain = [...props.incident.dispatches].sort((a, b) => Date.parse(b.offered_at) - Date.parse(a.offered_at));
  if (chain.length === 0) return <p class="muted">{t(w.noTeam)}</p>;
  return (
    <ul class="chain">
      {chain.map((dispatch) => <li key={dispatch.id}><Link {...props} dispatch={dispatch} /></li>)}
    </ul>
  );
}

function Link(props: Props & { readonly dispatch: Dispatch }): JSX.Element {
  const { dispatch, acts } = props;
  const act = useAct();
  const wait = offerWait(dispatch, props.now);
  const over = OVER.has(dispatch.state);
  return (
    <div class={`link-card ${over ? 'is-over' : ''}`} data-testid="dispatch" data-id={dispatch.id} data-state={dispatch.state} data-team={dispatch.team_code}>
      <div class="row">
        <strong>{dispatch.team_code}</strong>
        <span class={`chip ${stateTone(dispatch.state)}`}>{code(dispatch.state)}{dispatch.reason !== null && over ? ` · ${code(dispatch.reason)}` : ''}</span>
        {dispatch.lead && <span class="chip good">{t(w.lead)}</span>}
        {dispatch.by === 'radio' && <span class="chip">{code('radio')}</span>}
        <span class="grow" />
        <span class="muted">{metres(dispatch.distance_m)} · {span(dispatch.eta_s)}</span>
      </div>
      {wait && (
        <div class="wait" data-testid="countdown">
          <progress max={1} value={wait.share} />
          <span>{t(wait.what === 'ack' ? w.ackIn : w.acceptIn, { n: wait.left })}</span>
        </div>
      )}
      <p class="steps muted">{steps(dispatch)}</p>
      {props.mayAct && !over && (
        <div class="row">
          <RadioSelect dispatch={dispatch} busy={act.busy} onPick={(state) => { act.run(() => acts.byRadio(dispatch, state)); }} />
          <AddressButton {...props} />
          <span class="grow" />
          <button type="button" class="button small" disabled={act.busy} onClick={() => { act.run(() => acts.withdraw(dispatch)); }}>{t(w.withdraw)}</button>
        </div>
      )}
      <Fault text={act.problem} />
    </div>
  );
}

function RadioSelect(props: { readonly dispatch: Dispatch; readonly busy: boolean; readonly onPick: (state: RadioState) => void }): JSX.Element {
  return (
    <select
      class="button small" aria-label={t(w.radio)} value="" disabled={props.busy}
      onChange={(event) => {
        const state = event.currentTarget.value;
        event.currentTarget.value = '';
        if (state !== '') props.onPick(state as RadioState);
      }}
    >
      <option value="">{t(w.radio)}</option>
      {(NEXT[props.dispatch.state] ?? []).map((state) => <option key={state} value={state}>{code(state)}</option>)}
    </select>
  );
}

/** Only for a team that is on the radio; each opening is logged by the server, so nothing is opened before it is asked for. */
function AddressButton(props: Props & { readonly dispatch: Dispatch }): JSX.Element | null {
  const act = useAct();
  const [address, setAddress] = useState<string | null>(null);
  if (props.incident.source !== 'kades' || props.dispatch.by !== 'radio') return null;
  if (address !== null) return <span class="address">{address}</span>;
  return (
    <button
      type="button" class="button small" disabled={act.busy}
      onClick={() => {
        act.run(async () => {
          const answer = await props.desk.rest.get<Address>(`/dispatches/${props.dispatch.id}/address`);
          setAddress(answer.address ?? t(w.noAddress));
        });
      }}
    >
      {act.problem ?? t(w.address)}
    </button>
  );
}

function steps(dispatch: Dispatch): string {
  const told: readonly (readonly [string, string | null])[] = [
    ['offered', dispatch.offered_at], ['acknowledged', dispatch.acknowledged_at], ['accepted', dispatch.accepted_at],
    ['en_route', dispatch.en_route_at], ['on_scene', dispatch.on_scene_at],
  ];
  return told.filter(([, at]) => at !== null).map(([state, at]) => `${code(state)} ${timeText(at)}`).join(' → ');
}

function stateTone(state: Dispatch['state']): string {
  if (state === 'accepted' || state === 'en_route' || state === 'on_scene') return 'good';
  if (state === 'offered' || state === 'acknowledged') return 'warn';
  return state === 'declined' || state === 'timed_out' ? 'danger' : '';
}
