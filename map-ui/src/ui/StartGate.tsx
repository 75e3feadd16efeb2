import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t, type Text } from '../i18n';
import type { Siren } from '../sound/siren';
import { words as w } from './words';

// resume() of a browser without any sound device may never settle; then the desk must say so and not wait.
const GIVE_UP_MS = 3_000;

/** Over everything until sound can be heard: an operator who has not clicked yet is made to. */
export function StartGate({ siren, why, onStart, onDeaf }: { readonly siren: Siren; readonly why: Text; readonly onStart?: () => void; readonly onDeaf: () => void }): JSX.Element {
  const [tried, setTried] = useState<'no' | 'trying' | 'failed'>('no');
  useEffect(() => {
    if (tried !== 'trying') return undefined;
    const timer = setTimeout(() => {
      setTried('failed');
    }, GIVE_UP_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [tried]);
  const start = (): void => {
    setTried('trying');
    onStart?.();
    siren.start().catch(() => {
      setTried('failed');
    });
  };
  return (
    <div class="gate" data-testid="start-gate" role="dialog" aria-modal="true" aria-label={t(w.startShift)}>
      <button type="button" class="start" data-testid="start-shift" autofocus onClick={start}>
        <span class="start-mark" aria-hidden="true">▶</span>
        <strong>{t(w.startShift)}</strong>
        <span>{t(why)}</span>
      </button>
      {tried === 'failed' && (
        <div class="gate-failed">
          <p class="problem" role="alert">{t(w.startFailed)}</p>
          <button type="button" class="button" data-testid="start-deaf" onClick={onDeaf}>{t(w.startDeaf)}</button>
        </div>
      )}
    </div>
  );
}
