import type { JSX, TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t, useLanguage } from '../i18n';
import { Fault, LanguageButton, useAct } from '../ui/parts';
import type { KadesStage } from '../wire/frames';
import type { Phone } from './phone';
import type { Press } from './press';
import { Call112, Register } from './Register';
import { kades as w } from './words';

export function App({ phone }: { readonly phone: Phone }): JSX.Element {
  useLanguage();
  const [, again] = useState(0);
  useEffect(() => phone.subscribe(() => { again((n) => n + 1); }), [phone]);
  if (!phone.registered) return <Register phone={phone} />;
  const press = phone.line.press;
  if (press === null) return <Home phone={phone} />;
  return press.trigger === 'silent' ? <Quiet phone={phone} press={press} /> : <Called phone={phone} press={press} />;
}

function Home({ phone }: { readonly phone: Phone }): JSX.Element {
  return (
    <div class="phone kades" data-testid="home">
      <header class="phone-top"><strong class="grow">KADES</strong><LanguageButton /></header>
      <main class="press-main">
        <button type="button" class="press" data-testid="press" onClick={() => { phone.press('button'); }}>
          <strong>{t(w.press)}</strong><span>{t(w.pressHint)}</span>
        </button>
        <p class="muted" data-testid="place">{t(phone.located ? w.placeReady : w.noPlace)}</p>
      </main>
      <footer class="phone-foot stack">
        <button type="button" class="button wide" data-testid="press-silent" onClick={() => { phone.press('silent'); }}>{t(w.silent)} <small class="muted">{t(w.silentHint)}</small></button>
        <Call112 />
      </footer>
    </div>
  );
}

const STAGES: readonly (readonly [KadesStage, readonly [string, string]])[] = [['received', w.received], ['team_on_the_way', w.onTheWay], ['arrived', w.arrived]];

function Called({ phone, press }: { readonly phone: Phone; readonly press: Press }): JSX.Element {
  const over = press.stage === 'closed';
  const reached = STAGES.findIndex(([stage]) => stage === press.stage);
  return (
    <div class="phone kades" data-testid="called" data-stage={press.stage ?? 'sending'} data-tries={press.tries}>
      <header class="phone-top"><strong class="grow">KADES</strong><LanguageButton /></header>
      <main class="press-main">
        {press.alert_id === null && (
          <div class="sending" role="status">
            <span class="spinner" aria-hidden="true" />
            <h1>{t(w.sending)}</h1>
            {phone.line.overdue && <p class="problem" role="alert" data-testid="overdue">{t(press.unknown ? w.unknownPhone : w.noAnswer)}</p>}
          </div>
        )}
        {press.alert_id !== null && !over && (
          <ol class="stages" aria-live="polite">
            {STAGES.map(([stage, text], i) => <li key={stage} class={i <= reached ? 'done' : ''} aria-current={i === reached ? 'step' : undefined}>{t(text)}</li>)}
          </ol>
        )}
        {over && <h1>{t(w.closed)}</h1>}
        {!over && <p class="muted">{t(phone.located ? w.place : w.noPlace)}</p>}
      </main>
      <footer class="phone-foot stack">
        {phone.line.overdue && <Call112 loud />}
        {over && <button type="button" class="button primary huge" data-testid="back" onClick={() => { phone.line.leave(); }}>{t(w.back)}</button>}
        {press.alert_id !== null && !over && <Cancel phone={phone} />}
        {!over && <button type="button" class="button wide" data-testid="press-again" onClick={() => { phone.press('button'); }}>{t(w.again)}</button>}
        {!phone.line.overdue && <Call112 />}
      </footer>
    </div>
  );
}

/** One field for both codes; the page cannot tell them apart and neither can who looks over her shoulder. */
function Cancel({ phone }: { readonly phone: Phone }): JSX.Element {
  const act = useAct();
  const submit = (event: TargetedEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    const value = new FormData(event.currentTarget).get('code');
    if (typeof value === 'string' && value !== '') act.run(() => phone.line.cancel(value));
  };
  return (
    <form class="cancel" onSubmit={submit} data-testid="cancel">
      <label class="field grow">{t(w.cancelTitle)}<input name="code" inputMode="numeric" autocomplete="off" maxLength={32} placeholder="••••" /></label>
      <button type="submit" class="button" disabled={act.busy}>{t(w.cancelSend)}</button>
      <Fault text={act.problem} />
    </form>
  );
}

/** What a silent press shows: a screen that says nothing to anybody who looks at it. A dot tells her that it was received. */
function Quiet({ phone, press }: { readonly phone: Phone; readonly press: Press }): JSX.Element {
  const [open, setOpen] = useState(false);
  if (open || press.stage === 'closed') return <Called phone={phone} press={press} />;
  return (
    <button type="button" class="still" data-testid="quiet" data-stage={press.stage ?? 'sending'} onClick={() => { setOpen(true); }}>
      <time>{new Intl.DateTimeFormat('tr-TR', { hour: '2-digit', minute: '2-digit' }).format(new Date())}</time>
      <i class={press.alert_id === null ? 'wait' : 'got'} />
    </button>
  );
}
