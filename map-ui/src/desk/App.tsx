import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t, useLanguage } from '../i18n';
import type { LonLat } from '../map/geometry';
import type { Theme } from '../map/palette';
import type { DeskState } from '../state/desk';
import { alertList, openAlarms, openHits } from '../state/order';
import { faultText, SignIn } from '../ui/parts';
import { StartGate } from '../ui/StartGate';
import { applyTheme, savedTheme } from '../ui/theme';
import { words } from '../ui/words';
import { acts as actsOf } from './acts';
import { AlertList } from './AlertList';
import { DESK_ROLES, type Desk } from './desk';
import { Detail } from './Detail';
import { NewIncidentForm } from './forms';
import { Help } from './Help';
import { useDesk, useStale } from './hooks';
import { MapPane } from './MapPane';
import { useSeat, useKeys, type Seat, type Scene } from './room';
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
  if (!desk.session.signedIn) return <SignIn title={t(w.title)} door={desk} />;
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

function Room({ desk }: { readonly desk: Desk }): JSX.Element {
  const state = useDesk(desk);
  const seat = useSeat(desk);
  const [theme, setTheme] = useState<Theme>(savedTheme);
  const [deaf, setDeaf] = useState(false);
  const acts = useMemo(() => actsOf(desk.rest), [desk]);
  const role = desk.me?.role ?? 'operator';
  const { room, set } = seat;
  const incident = room.selected === null ? null : (state.incidents.get(room.selected) ?? null);
  const scene: Scene = {
    desk, acts, incident, rows: alertList(state, role), alarms: openAlarms(state), dispatching: role !== 'operator', evaluating: role !== 'dispatcher',
  };
  const stale = useStale(desk);
  const gated = !desk.siren.ready && !deaf;
  // The map is built once the shift has begun, so that the gate answers the first touch at once, and stays when the gate comes back.
  const begun = useRef(false);
  begun.current ||= !gated;
  useKeys(seat, scene, gated);
  useEffect(() => { applyTheme(theme); }, [theme]);

  return (
    <div class={`room ${desk.rings().length > 0 ? 'is-ringing' : ''} ${stale === null ? '' : 'is-stale'}`} data-testid="room" data-stale={stale === null ? 'no' : 'yes'}>
      {begun.current && (
        <MapPane
          desk={desk} theme={theme} selected={room.selected} aiming={room.aim !== null} handle={seat.map} onGround={(at) => { onGround(seat, scene, at); }}
          onIncident={seat.select} onTeam={(team) => { set({ team }); }} onBare={() => { desk.store.push({ kind: 'notice', text: w.bareMap }); }}
        />
      )}
      <div class="stale-veil" aria-hidden="true" />
      <div class="stale-said" role="status" data-testid="stale">{stale !== null && <p>{stale}</p>}</div>
      <Top
        desk={desk} stale={stale !== null} freeTeams={[...state.teams.values()].filter((one) => one.free).length} theme={theme} onTheme={() => { setTheme(theme === 'night' ? 'day' : 'night'); }}
        onHelp={() => { set({ help: true }); }} onNew={scene.dispatching ? () => { set({ drafting: true }); } : null}
      />
      <AlertList
        stale={stale} rows={scene.rows} alarms={scene.alarms} hits={scene.evaluating ? openHits(state) : []} selected={room.selected} now={() => desk.clock.now()} mayAck={scene.dispatching} onSelect={seat.select}
        onAck={(id) => { seat.attempt(() => acts.ackAlarm(id)); }}
        onHit={({ incident_id }) => { seat.attempt(() => desk.fetch(incident_id).then(() => { seat.select(incident_id); })); }}
      />
      <Side seat={seat} scene={scene} state={state} />
      {room.aim !== null && <p class="panel aim" role="status">{t(room.aim === 'place' ? w.placeAim : w.reRouteAim)}</p>}
      <Notices desk={desk} state={state} />
      {room.help && <Help onClose={() => { set({ help: false }); }} />}
      {gated && <StartGate siren={desk.siren} why={w.startWhy} onDeaf={() => { setDeaf(true); }} />}
    </div>
  );
}

interface Parts {
  readonly seat: Seat;
  readonly scene: Scene;
  readonly state: DeskState;
}

/** What lies over the map on the right: the form of a new incident or the chosen one, and the chosen team below. */
function Side({ seat, scene, state }: Parts): JSX.Element {
  const { room, set } = seat;
  const { desk, acts, incident } = scene;
  const team = room.team === null ? null : (state.teams.get(room.team) ?? null);
  return (
    <>
      {room.drafting && (
        <NewIncidentForm
          acts={acts} place={room.place} onPickPlace={() => { set({ aim: 'place' }); }} onDone={() => { set({ drafting: false, place: null }); }}
          onOpened={(id) => { set({ place: null }); seat.select(id); }}
        />
      )}
      {!room.drafting && incident && (
        <Detail
          key={incident.id} desk={desk} acts={acts} state={state} incident={incident} form={room.form} setForm={(form) => { set({ form }); }}
          onReRoute={() => { set({ aim: 're-route' }); }} onClose={() => { set({ selected: null, form: null }); }}
        />
      )}
      {team && <TeamCard team={team} incident={incident} acts={acts} maySend={scene.dispatching} now={desk.clock.now()} onClose={() => { set({ team: null }); }} />}
    </>
  );
}

function Notices({ desk, state }: { readonly desk: Desk; readonly state: DeskState }): JSX.Element {
  return (
    <div class="notices" aria-live="polite">
      {state.notices.map((one) => (
        <p key={one.id} class="panel notice" data-testid="notice">
          {t(one.text)} <button type="button" class="button quiet small" aria-label={t(words.close)} onClick={() => { desk.store.push({ kind: 'forget_notice', id: one.id }); }}>✕</button>
        </p>
      ))}
    </div>
  );
}

/** A click on bare ground means something only while the desk has asked for a place. */
function onGround(seat: Seat, { acts, incident }: Scene, at: LonLat): void {
  if (seat.room.aim === 'place') seat.set({ place: at, aim: null });
  else if (seat.room.aim === 're-route' && incident) {
    seat.set({ aim: null });
    seat.attempt(() => acts.reRoute(incident.id, at));
  }
}
