import type { ComponentChildren, JSX, TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { language, setLanguage, t } from '../i18n';
import { leave, offered, type CameBack, type Offer, type Proof } from '../wire/oidc';
import { NoAnswer, Problem } from '../wire/rest';
import type { Link } from '../wire/socket';
import { words } from './words';

export function faultText(fault: unknown): string {
  if (fault instanceof Problem) return fault.detail ?? fault.title;
  if (fault instanceof NoAnswer) return t(words.noAnswer);
  return fault instanceof Error ? fault.message : String(fault);
}

/** Re-render every `ms`, for clocks and ages. */
export function useTick(ms: number): void {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      again((n) => n + 1);
    }, ms);
    return () => {
      clearInterval(timer);
    };
  }, [ms]);
}

export interface Act {
  readonly busy: boolean;
  readonly problem: string | null;
  readonly run: (what: () => Promise<unknown>) => void;
  readonly reset: () => void;
}

/** One act at a time: the button waits for its answer and the answer's problem is shown beside it. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = (what: () => Promise<unknown>): void => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    what()
      .catch((fault: unknown) => {
        setProblem(faultText(fault));
      })
      .finally(() => {
        setBusy(false);
      });
  };
  return {
    busy, problem, run,
    reset: () => {
      setProblem(null);
    },
  };
}

export function Fault({ text }: { readonly text: string | null }): JSX.Element | null {
  return text === null ? null : <p class="problem" role="alert">{text}</p>;
}

export function LanguageButton(): JSX.Element {
  return (
    <button type="button" class="button quiet small" data-testid="language" onClick={() => { setLanguage(language() === 'tr' ? 'en' : 'tr'); }}>
      {t(words.language)}
    </button>
  );
}

export function LinkState({ link }: { readonly link: Link }): JSX.Element {
  useTick(500);
  return (
    <span class={`link ${link.phase}`} role="status" data-testid="link" data-phase={link.phase}>
      {linkText(link, Date.now())}
    </span>
  );
}

export function linkText(link: Link, now: number): string {
  if (link.phase === 'connecting') return t(words.connecting);
  if (link.phase === 'waiting') return t(words.waiting, { n: Math.max(0, Math.ceil(((link.retryAt ?? now) - now) / 1000)) });
  if (link.phase === 'ended') return t(link.ended === 'elsewhere' ? words.elsewhere : words.ended);
  // For half a minute after coming back the page says what it had missed.
  if (now - link.since < 30_000 && link.replay === 'complete') return `${t(words.live)} · ${t(words.replayed, { n: link.replayed })}`;
  return t(words.live);
}

/** The page somebody signs in at. */
export interface Door {
  takeBrought: () => CameBack | null;
  signIn: (username: string, password: string) => Promise<unknown>;
  signInWith: (proof: Proof) => Promise<unknown>;
}

/** The organisation's sign-in, where the house has one: nothing at all where it has none. */
function Organisation({ door, act }: { readonly door: Door; readonly act: Act }): JSX.Element | null {
  const [offer, setOffer] = useState<Offer | { readonly fault: string } | null>(null);
  useEffect(() => {
    void offered().then(setOffer);
    const back = door.takeBrought();
    if (back !== null) act.run(() => ('proof' in back ? door.signInWith(back.proof) : Promise.reject(new Error(back.fault))));
  }, [door]);
  if (offer === null) return null;
  if ('fault' in offer) return <p class="muted" data-testid="organisation-down">{offer.fault}</p>;
  return <button type="button" class="button" data-testid="organisation" disabled={act.busy} onClick={() => { act.run(() => leave(offer)); }}>{t(words.organisation)}</button>;
}

export function SignIn(props: { readonly title: string; readonly door: Door; readonly note?: ComponentChildren }): JSX.Element {
  const act = useAct();
  const submit = (event: TargetedEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    act.run(() => props.door.signIn(text('username'), text('password')));
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} data-testid="sign-in">
        <div class="row"><h1 class="grow">{props.title}</h1><LanguageButton /></div>
        <label class="field">{t(words.username)}<input name="username" autocomplete="username" autocapitalize="none" required /></label>
        <label class="field">{t(words.password)}<input name="password" type="password" autocomplete="current-password" required /></label>
        <Fault text={act.problem} />
        <button type="submit" class="button primary" disabled={act.busy}>{t(words.signIn)}</button>
        <Organisation door={props.door} act={act} />
        {props.note}
      </form>
    </main>
  );
}

export function DrillChip({ on }: { readonly on: boolean }): JSX.Element | null {
  return on ? <span class="chip drill" data-testid="drill">{t(words.drill)}</span> : null;
}

export function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <section class="section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}
