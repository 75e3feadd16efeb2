import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t, useLanguage } from '../i18n';
import type { LonLat } from '../map/geometry';
import type { Theme } from '../map/palette';
import { activeDispatches, alertList, openAlarms, openOffers } from '../state/order';
import { faultText, SignIn } from '../ui/parts';
import { StartGate } from '../ui/StartGate';
import { applyTheme, savedTheme } from '../ui/theme';
import { words } from '../ui/words';
import { acts as actsOf } from './acts';
import { AlertList } from './AlertList';
import { DESK_ROLES, type Desk } from './desk';
import { Detail, type Form } from './Detail';
import { NewIncidentForm } from './forms';
import { Help } from './Help';
import { HIT_VERDICTS, hitOf } from './HitCard';
import { useDesk } from './hooks';
import { VERDICTS } from './KadesCard';
import { keyOf, type KeyName } from './keys';
import { MapPane, type MapHandle } from './MapPane';
import { TeamCard } from './TeamCard';
import { Top } from './Top';
import { desk as w } from './words';

export function App({ desk }: { readonly desk: Desk }): JSX.Element {
  useLanguage();
  useDesk(desk);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    if (desk.session.signedIn) desk.open().catch((problem: unknown) => { setFault(faultText(problem)); });
  }, [desk]);
  if (!desk.session.signedIn) return <SignIn title={t(w.title)} signIn={(username, password) => desk.signIn(username, password)} />;
  if (!desk.me) {
    return (
      <main class="sign-in">
        <div>
          <p class="muted">{fault ?? t(words.connecting)}</p>
          {fault !== null && <button type="button" class="button" onClick={() => { desk.signOut(); }}>{t(words.signOut)}</button>}
        </div>
      </main>
    );
  }
  if (!DESK_ROLES.includes(desk.me.role)) {
    return (
      <main class="sign-in"><div>
        <p class="problem">{t(words.wrongDoor)}</p>
        <p><button type="button" class="button" onClick={() => { desk.signOut(); }}>{t(words.signOut)}</button> {desk.me.role === 'team' && <a class="button" href="/team/">/team/</a>}</p>
      </div></main>
    );
  }
  return <Room desk={desk} />;
}

type Aim = 'place' | 're-route' | null;

function Room({ desk }: { readonly desk: Desk }): JSX.Element {
  const state = useDesk(desk);
  const [theme, setTheme] = useState<Theme>(savedTheme);
  const [selected, setSelected] = useState<string | null>(null);
  const [team, setTeam] = useState<string | null>(null);
  const [form, setForm] = useState<Form>(null);
  const [aim, setAim] = useState<Aim>(null);
  const [drafting, setDrafting] = useState(false);
  const [place, setPlace] = useState<LonLat | null>(null);
  const [help, setHelp] = useState(false);
  const [deaf, setDeaf] = useState(false);
  const map = useRef<MapHandle | null>(null);
  const acts = useMemo(() => actsOf(desk.rest), [desk]);
  const role = desk.me?.role ?? 'operator';
  const dispatching = role !== 'operator';
  const evaluating = role !== 'dispatcher';
  const rows = alertList(state, role);
  const alarms = openAlarms(state);
  const incident = selected === null ? null : (state.incidents.get(selected) ?? null);

  const select = (id: string): void => {
    setSelected(id);
    setForm(null);
    setDrafting(false);
    setAim(null);
    const at = desk.store.state.incidents.get(id)?.position;
    if (at) map.current?.fly(at);
  };
  const attempt = (what: () => Promise<unknown>): void => {
    what().catch((problem: unknown) => {
      const said = faultText(problem);
      desk.store.push({ kind: 'notice', text: [said, said] });
    });
  };
  const clear = (): void => {
    if (help) setHelp(false);
    else if (aim !== null) setAim(null);
    else if (form !== null) setForm(null);
    else if (drafting) setDrafting(false);
    else if (team !== null) setTeam(null);
    else setSelected(null);
  };
  const step = (by: number): void => {
    const at = rows.findIndex((row) => row.incident.id === selected);
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) select(next.incident.id);
  };
  const judge = (n: 0 | 1 | 2): void => {
    if (!incident || !evaluating) return;
    if (incident.source === 'pts') {
      const hit = hitOf(desk.store.state, incident.id)?.hit_id ?? incident.source_id;
      if (hit !== null && incident.instruction === 'observe') attempt(() => acts.verdict(hit, HIT_VERDICTS[n], ''));
      return;
    }
    const alert = desk.store.state.alerts.get(incident.id)?.alert_id ?? incident.source_id;
    if (incident.source === 'kades' && alert !== null) attempt(() => acts.evaluate(alert, VERDICTS[n], ''));
  };
  const more = incident !== null && (activeDispatches(incident).length > 0 || openOffers(incident).length > 0);
  const onOpen = (what: (id: string) => void): void => {
    if (incident && incident.state !== 'closed' && dispatching) what(incident.id);
  };
  const doKey: Record<KeyName, () => void> = {
    help: () => { setHelp(!help); },
    next: () => { step(1); },
    previous: () => { step(-1); },
    fly: () => { if (incident?.position) map.current?.fly(incident.position); },
    take: () => { onOpen((id) => { attempt(() => acts.take(id)); }); },
    nearest: () => { onOpen((id) => { attempt(() => (more ? acts.reinforce(id) : acts.dispatchNearest(id))); }); },
    reRoute: () => { onOpen(() => { setAim('re-route'); }); },
    close: () => { onOpen(() => { setForm('close'); }); },
    first: () => { judge(0); },
    second: () => { judge(1); },
    third: () => { judge(2); },
    acknowledge: () => {
      const alarm = alarms[0];
      if (alarm && dispatching) attempt(() => acts.ackAlarm(alarm.alarm_id));
    },
    open: () => { if (dispatching) setDrafting(true); },
    mute: () => { desk.mute(); },
    escape: clear,
  };
  const pressed = useRef(doKey);
  pressed.current = doKey;
  const gated = !desk.siren.ready && !deaf;
  // The map is built once the shift has begun, so that the gate answers the first touch at once, and stays when the gate comes back.
  const begun = useRef(false);
  begun.current ||= !gated;
  const locked = useRef(gated);
  locked.current = gated;

  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const name = locked.current ? null : keyOf(event);
      if (name === null) return;
      event.preventDefault();
      pressed.current[name]();
    };
    addEventListener('keydown', listener);
    return () => { removeEventListener('keydown', listener); };
  }, []);
  useEffect(() => { applyTheme(theme); }, [theme]);

  const ground = (at: LonLat): void => {
    if (aim === 'place') {
      setPlace(at);
      setAim(null);
    } else if (aim === 're-route' && incident) {
      setAim(null);
      attempt(() => acts.reRoute(incident.id, at));
    }
  };
  const shownTeam = team === null ? null : (state.teams.get(team) ?? null);

  return (
    <div class={`room ${desk.rings().length > 0 ? 'is-ringing' : ''}`} data-testid="room">
      {begun.current && <MapPane
        desk={desk} theme={theme} selected={selected} aiming={aim !== null} handle={map} onGround={ground}
        onIncident={select} onTeam={setTeam} onBare={() => { desk.store.push({ kind: 'notice', text: w.bareMap }); }}
      />}
      <Top
        desk={desk} freeTeams={[...state.teams.values()].filter((one) => one.free).length} theme={theme} onTheme={() => { setTheme(theme === 'night' ? 'day' : 'night'); }}
        onHelp={() => { setHelp(true); }} onNew={dispatching ? () => { setDrafting(true); } : null}
      />
      <AlertList rows={rows} alarms={alarms} selected={selected} now={() => desk.clock.now()} mayAck={dispatching} onSelect={select} onAck={(id) => { attempt(() => acts.ackAlarm(id)); }} />
      {drafting ? (
        <NewIncidentForm acts={acts} place={place} onPickPlace={() => { setAim('place'); }} onDone={() => { setDrafting(false); setPlace(null); }} onOpened={(id) => { setPlace(null); select(id); }} />
      ) : (
        incident && (
          <Detail
            key={incident.id} desk={desk} acts={acts} state={state} incident={incident} form={form} setForm={setForm}
            onReRoute={() => { setAim('re-route'); }} onClose={() => { setSelected(null); setForm(null); }}
          />
        )
      )}
      {shownTeam && <TeamCard team={shownTeam} incident={incident} acts={acts} maySend={dispatching} now={desk.clock.now()} onClose={() => { setTeam(null); }} />}
      {aim !== null && <p class="panel aim" role="status">{t(aim === 'place' ? w.placeAim : w.reRouteAim)}</p>}
      <div class="notices" aria-live="polite">
        {state.notices.map((one) => (
          <p key={one.id} class="panel notice" data-testid="notice">
            {t(one.text)} <button type="button" class="button quiet small" aria-label={t(words.close)} onClick={() => { desk.store.push({ kind: 'forget_notice', id: one.id }); }}>✕</button>
          </p>
        ))}
      </div>
      {help && <Help onClose={() => { setHelp(false); }} />}
      {gated && <StartGate siren={desk.siren} why={w.startWhy} onDeaf={() => { setDeaf(true); }} />}
    </div>
  );
}
