import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import type { Crew } from './crew';
import { crew as w } from './words';

const HOLD_MS = 900;

/** Held for a moment, so that a pocket does not raise it; once raised it is sent until somebody has it. */
export function PanicButton({ crew }: { readonly crew: Crew }): JSX.Element {
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const waiting = crew.outbox?.about('panic') ?? null;
  const down = (): void => {
    setHeld(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setHeld(false);
      crew.panic();
    }, HOLD_MS);
  };
  const up = (): void => {
    clearTimeout(timer.current);
    setHeld(false);
  };
  const text = waiting ? (waiting.refused ?? t(w.panicWaiting)) : crew.panicked ? t(w.panicSent) : t(w.panic);
  return (
    <button
      type="button" class={`button panic wide ${held ? 'is-held' : ''}`} data-testid="panic" data-state={waiting ? 'waiting' : crew.panicked ? 'sent' : 'idle'}
      onPointerDown={down} onPointerUp={up} onPointerLeave={up} onPointerCancel={up} onContextMenu={(event) => { event.preventDefault(); }}
      onKeyDown={(event) => { if ((event.key === 'Enter' || event.key === ' ') && !event.repeat) down(); }} onKeyUp={up}
    >
      {text}
    </button>
  );
}
