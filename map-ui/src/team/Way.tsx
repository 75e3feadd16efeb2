import type { JSX } from 'preact';
import { language, metres, t } from '../i18n';
import { bearingDeg, distanceM, wind } from '../map/geometry';
import { destination } from '../state/team';
import type { Offer } from '../wire/frames';
import type { Crew } from './crew';
import { crew as w } from './words';

/** How far and which way, from where this phone is. The arrow turns with the driving direction; standing still, north is up. */
export function Way({ crew, offer }: { readonly crew: Crew; readonly offer: Offer }): JSX.Element {
  const to = destination(crew.store.state, offer);
  const here = crew.here;
  if (!to) return <p class="way none" data-testid="way">{t(w.noPlace)}</p>;
  const distance = here ? distanceM(here, to) : offer.distance_m;
  const bearing = here ? bearingDeg(here, to) : null;
  const turn = bearing === null ? 0 : bearing - (here?.heading_deg ?? 0);
  return (
    <div class="way" data-testid="way">
      {bearing !== null && (
        <svg class="arrow" viewBox="-50 -50 100 100" style={{ transform: `rotate(${turn.toFixed(0)}deg)` }} role="img" aria-label={wind(bearing, language())}>
          <path d="M0 -44 L30 34 L0 18 L-30 34 Z" />
        </svg>
      )}
      <p>
        <strong>{metres(distance)}</strong>
        {bearing !== null && <span class="wind">{wind(bearing, language())}</span>}
        {offer.incident.position_kind === 'last_known' && <span class="chip warn">{t(w.lastKnown)}</span>}
      </p>
    </div>
  );
}
