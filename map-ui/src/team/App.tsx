import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { code, span, t, useLanguage } from '../i18n';
import { isAsked } from '../state/team';
import { DrillChip, Fault, faultText, LanguageButton, LinkState, SignIn, useTick } from '../ui/parts';
import { StartGate } from '../ui/StartGate';
import { words } from '../ui/words';
import type { Offer } from '../wire/frames';
import type { Crew } from './crew';
import { Job } from './Job';
import { OfferScreen } from './OfferScreen';
import { PanicButton } from './PanicButton';
import { crew as w } from './words';

export function useCrew(crew: Crew): void {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = (): void => {
      again((n) => n + 1);
    };
    const drop = [crew.subscribe(listener), crew.store.subscribe(listener)];
    return () => {
      for (const one of drop) one();
    };
  }, [crew]);
}

export function App({ crew }: { readonly crew: Crew }): JSX.Element {
  useLanguage();
  useCrew(crew);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    if (crew.session.signedIn) crew.open().catch((problem: unknown) => { setFault(faultText(problem)); });
  }, [crew]);
  if (!crew.session.signedIn) return <SignIn title={t(w.title)} door={crew} />;
  if (!crew.me) {
    return (
      <main class="sign-in"><div>
        <p class="muted">{t(words.connecting)}</p>
        <Fault text={fault} />
        {fault !== null && <button type="button" class="button" onClick={() => { setFault(null); crew.open().catch((problem: unknown) => { setFault(faultText(problem)); }); }}>↻</button>}
      </div></main>
    );
  }
  if (crew.me.role !== 'team') {
    return <main class="sign-in"><div><p class="problem">{t(words.wrongDoor)}</p><button type="button" class="button" onClick={() => { crew.session.signOut(); }}>{t(words.signOut)}</button></div></main>;
  }
  return <Shift crew={crew} />;
}

function Shift({ crew }: { readonly crew: Crew }): JSX.Element {
  const [deaf, setDeaf] = useState(false);
  const state = crew.store.state;
  const offers = [...state.inHand.values()].sort((a, b) => a.incident.priority - b.incident.priority || Date.parse(b.offered_at) - Date.parse(a.offered_at));
  const asked = offers.find((offer) => isAsked(offer) && crew.unsent(offer) === null);
  const jobs = offers.filter((offer) => offer !== asked);
  const gated = !crew.siren.ready && !deaf;
  return (
    <div class="phone" data-testid="shift">
      <header class="phone-top">
        <strong class="grow">{state.team?.code ?? crew.me?.name}</strong>
        <LinkState link={crew.link} />
        <LanguageButton />
        <button type="button" class="button quiet small" onClick={() => { crew.session.signOut(); }}>{t(words.signOut)}</button>
      </header>
      {!crew.siren.ready && deaf && <p class="strip danger">{t(words.noSound)}</p>}
      {crew.unread && <p class="strip">{crew.unread.type ?? crew.unread.why}</p>}
      <main class="phone-main">
        {[...state.told.values()].map((offer) => <Told key={offer.id} offer={offer} onRead={() => { crew.store.push({ kind: 'read', id: offer.id }); }} />)}
        {jobs.map((offer) => <Job key={offer.id} crew={crew} offer={offer} />)}
        {offers.length === 0 && state.told.size === 0 && <Idle crew={crew} />}
      </main>
      <footer class="phone-foot">
        <PanicButton crew={crew} />
      </footer>
      {asked && <OfferScreen crew={crew} offer={asked} />}
      {gated && <StartGate siren={crew.siren} why={w.startWhy} onStart={() => { crew.begin(); }} onDeaf={() => { setDeaf(true); }} />}
    </div>
  );
}

function Told({ offer, onRead }: { readonly offer: Offer; readonly onRead: () => void }): JSX.Element {
  const known: Readonly<Record<string, readonly [string, string]>> = { covered: w.covered, busy: w.busy, recalled: w.recalled };
  // A crew that was told to stop a vehicle must not act on that word once it is taken back.
  const over = offer.incident.source === 'pts' ? w.doNotStop : w.closed;
  const text = offer.reason === 'closed' ? over : known[offer.reason ?? ''];
  return (
    <section class="card told" role="alert" data-testid="told" data-reason={offer.reason ?? ''}>
      <p><strong>{offer.incident.olay_no}</strong> <DrillChip on={offer.drill} /></p>
      <p>{text ? t(text) : t(w.withdrawn, { why: code(offer.reason) })}</p>
      <button type="button" class="button wide" onClick={onRead}>{t(w.read)}</button>
    </section>
  );
}

function Idle({ crew }: { readonly crew: Crew }): JSX.Element {
  useTick(1_000);
  const team = crew.store.state.team;
  const waiting = crew.outbox?.about('roster') ?? null;
  const sent = crew.track.sentAt;
  return (
    <section class="idle">
      <h1>{team?.roster === 'available' ? t(w.idle) : code(team?.roster)}</h1>
      <p class={crew.hereFault ? 'stale' : 'muted'}>
        {crew.hereFault ? t(w.noFix) : sent === null ? t(w.noPosition) : t(w.positionAge, { age: span((Date.now() - sent) / 1000) })}
      </p>
      <div class="row centre" role="group">
        {(['available', 'paused', 'off_duty'] as const).map((roster) => (
          <button key={roster} type="button" class={`button ${team?.roster === roster ? 'primary' : ''}`} aria-pressed={team?.roster === roster} data-testid={`roster-${roster}`} onClick={() => { crew.setRoster(roster); }}>
            {t({ available: w.available, paused: w.paused, off_duty: w.offDuty }[roster])}
          </button>
        ))}
      </div>
      {waiting && <p class={waiting.refused === null ? 'muted' : 'problem'}>{waiting.refused ?? t(w.unsent, { what: code(String(waiting.body['state'])) })}</p>}
    </section>
  );
}
