import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { code, t } from '../i18n';
import { destination, isAsked } from '../state/team';
import { DrillChip, Fault, useAct } from '../ui/parts';
import type { Address, OfferDetail, Vehicle } from '../wire/answers';
import type { Offer } from '../wire/frames';
import type { Crew, CrewAct } from './crew';
import { Way } from './Way';
import { crew as w } from './words';

const NEXT: Readonly<Partial<Record<Offer['state'], { readonly act: CrewAct; readonly text: readonly [string, string] }>>> = {
  accepted: { act: 'en_route', text: w.enRoute },
  en_route: { act: 'on_scene', text: w.onScene },
  on_scene: { act: 'clear', text: w.clear },
};

/** A job in hand: where, what to know, and the one next step as the big button. */
export function Job({ crew, offer }: { readonly crew: Crew; readonly offer: Offer }): JSX.Element {
  const { incident } = offer;
  const unsent = crew.unsent(offer);
  const said = unsent && unsent.refused === null ? (unsent.body['state'] as Offer['state']) : null;
  // The crew goes on from what it has said itself; the mark below says honestly that the desk does not know yet.
  const state = said ?? offer.state;
  const next = NEXT[state];
  const place = destination(crew.store.state, offer);
  return (
    <section class={`card job ${incident.source} ${offer.drill ? 'is-drill' : ''}`} data-testid="job" data-id={offer.id} data-state={offer.state}>
      {offer.drill && <p class="drill-band">TATBİKAT · DRILL</p>}
      <p class="muted">{incident.olay_no} · <span data-testid="job-state">{code(state)}</span> <DrillChip on={offer.drill} /></p>
      <h2>{code(incident.kind)}</h2>
      {incident.place_text !== null && <p>{incident.place_text}</p>}
      {incident.silent && <p class="strip danger">{t(w.silent)}</p>}
      <Instruction crew={crew} offer={offer} />
      <Way crew={crew} offer={offer} />
      {place && <a class="button wide" href={`geo:${String(place.lat)},${String(place.lon)}?q=${String(place.lat)},${String(place.lon)}`}>{t(w.navigate)}</a>}
      {incident.source === 'kades' && !isAsked(offer) && <AddressCard crew={crew} offer={offer} />}
      {unsent && (unsent.refused === null
        ? <p class="unsent" role="status" data-testid="unsent">{t(unsent.tries > 1 ? w.unsent : w.sending, { what: code(state) })}</p>
        : <p class="problem" role="alert">{t(w.refused, { why: unsent.refused })}</p>)}
      {next && <button type="button" class="button primary huge" data-testid={`say-${next.act}`} onClick={() => { crew.say(offer, next.act); }}>{t(next.text)}</button>}
      {(state === 'accepted' || state === 'en_route') && <button type="button" class="button quiet wide" data-testid="give-up" onClick={() => { crew.say(offer, 'declined'); }}>{t(w.giveUp)}</button>}
    </section>
  );
}

/** A plate is a presumption until a person has compared the image: the crew observes until it is told to stop. */
function Instruction({ crew, offer }: { readonly crew: Crew; readonly offer: Offer }): JSX.Element | null {
  const { instruction, source } = offer.incident;
  const [vehicle, setVehicle] = useState<Vehicle | null>(null);
  useEffect(() => {
    if (source !== 'pts') return;
    crew.rest.get<OfferDetail>(`/dispatches/${offer.id}`).then((detail) => { setVehicle(detail.vehicle ?? null); }, () => { setVehicle(null); });
  }, [crew, offer.id, source, instruction]);
  if (instruction === null && !vehicle) return null;
  const stop = instruction === 'stop';
  return (
    <div class={`instruction ${stop ? 'stop' : 'observe'}`} role="status" data-testid="instruction" data-instruction={instruction ?? ''}>
      {instruction === 'observe' && <><strong>{t(w.observe)}</strong><span>{t(w.observeWhy)}</span></>}
      {stop && <><strong>{t(w.stop)}</strong><span>{t(w.stopWhy)}</span></>}
      {vehicle && <><span class="plate" data-testid="plate">{vehicle.plate}</span><span>{code(vehicle.category)}</span></>}
    </div>
  );
}

/** Opened only by a touch: each opening is written down by the server. */
function AddressCard({ crew, offer }: { readonly crew: Crew; readonly offer: Offer }): JSX.Element {
  const act = useAct();
  const [opened, setOpened] = useState<Address | null>(null);
  if (opened) {
    return (
      <div class="address-card" data-testid="address">
        <strong>{opened.address ?? t(w.noAddress)}</strong>
        {opened.name !== null && <span>{opened.name}</span>}
        {opened.safe_channel !== null && <span class="muted">{code(opened.safe_channel)}</span>}
      </div>
    );
  }
  return (
    <>
      <button type="button" class="button wide" data-testid="open-address" disabled={act.busy} onClick={() => { act.run(async () => { setOpened(await crew.rest.get<Address>(`/dispatches/${offer.id}/address`)); }); }}>
        {t(w.address)} <small class="muted">{t(w.addressWhy)}</small>
      </button>
      <Fault text={act.problem} />
    </>
  );
}
