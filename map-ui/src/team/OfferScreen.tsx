import type { JSX } from 'preact';
import { code, t } from '../i18n';
import { secondsLeft } from '../state/countdown';
import { DrillChip, useTick } from '../ui/parts';
import type { Offer } from '../wire/frames';
import type { Crew } from './crew';
import { Way } from './Way';
import { crew as w } from './words';

const ROUND = 2 * Math.PI * 46;

/** The whole screen is the question: what, how far, which way, how long still, yes or no. */
export function OfferScreen({ crew, offer }: { readonly crew: Crew; readonly offer: Offer }): JSX.Element {
  useTick(200);
  const now = crew.clock.now();
  const left = Math.max(0, secondsLeft(offer.accept_due_at, now) ?? 0);
  const whole = Math.max(1, (Date.parse(offer.accept_due_at) - Date.parse(offer.offered_at)) / 1000);
  const share = Math.min(1, Math.max(0, (Date.parse(offer.accept_due_at) - now) / 1000 / whole));
  const { incident } = offer;
  const late = offer.state === 'timed_out';
  return (
    <section class={`offer ${incident.source} ${offer.drill ? 'is-drill' : ''}`} role="alertdialog" aria-label={t(w.newJob)} data-testid="offer" data-id={offer.id} data-state={offer.state}>
      {offer.drill && <p class="drill-band" data-testid="drill-band">TATBİKAT · DRILL</p>}
      <header>
        <p class="offer-new">{t(w.newJob)} · {incident.olay_no}</p>
        <h1>{code(incident.kind)}</h1>
        {incident.place_text !== null && <p class="offer-place">{incident.place_text}</p>}
        {incident.silent && <p class="strip danger">{t(w.silent)}</p>}
        {incident.instruction === 'observe' && <p class="strip warn">{t(w.observe)}</p>}
        <DrillChip on={offer.drill} />
      </header>
      <Way crew={crew} offer={offer} />
      {late ? <p class="strip warn">{t(w.lateOffer)}</p> : (
        <svg class="count" viewBox="0 0 100 100" role="timer" aria-label={t(w.seconds, { n: left })} data-testid="countdown" data-left={left}>
          <circle cx="50" cy="50" r="46" class="count-ground" />
          <circle cx="50" cy="50" r="46" class="count-left" stroke-dasharray={`${(ROUND * share).toFixed(1)} ${ROUND.toFixed(1)}`} transform="rotate(-90 50 50)" />
          <text x="50" y="50" text-anchor="middle" dominant-baseline="central">{left}</text>
        </svg>
      )}
      <footer>
        <button type="button" class="button good huge" data-testid="accept" onClick={() => { crew.say(offer, 'accepted'); }}>{t(w.accept)}</button>
        <button type="button" class="button wide" data-testid="decline" onClick={() => { crew.say(offer, 'declined'); }}>{t(w.decline)}</button>
      </footer>
    </section>
  );
}
