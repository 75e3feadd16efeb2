import type { JSX, TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { code, language, t } from '../i18n';
import { Fault, LanguageButton, useAct } from '../ui/parts';
import type { Begun, Phone, Verified } from './phone';
import { isTcNo } from './press';
import { kades as w, LANGUAGES, SAFE_CHANNELS } from './words';

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function onForm(run: (form: FormData) => void): (event: TargetedEvent<HTMLFormElement, SubmitEvent>) => void {
  return (event) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
}

export function Register({ phone }: { readonly phone: Phone }): JSX.Element {
  const [begun, setBegun] = useState<Begun | null>(null);
  const [verified, setVerified] = useState<Verified | null>(null);
  if (verified) return <Codes verified={verified} onReady={() => { phone.keep(verified); }} />;
  return begun ? <Verify phone={phone} begun={begun} onVerified={setVerified} /> : <FirstForm phone={phone} onBegun={setBegun} />;
}

function FirstForm({ phone, onBegun }: { readonly phone: Phone; readonly onBegun: (begun: Begun) => void }): JSX.Element {
  const act = useAct();
  const [tcNo, setTcNo] = useState('');
  const send = (form: FormData): void => {
    act.run(async () => {
      const province = Number(text(form, 'province'));
      onBegun(await phone.register({
        tc_no: tcNo, phone: text(form, 'phone'), language: text(form, 'language'), safe_channel: text(form, 'safe_channel'), name: text(form, 'name') || null,
        protected_address: text(form, 'address') || null, province: Number.isInteger(province) && province >= 1 && province <= 81 ? province : null,
      }));
    });
  };
  return (
    <main class="sign-in">
      <form onSubmit={onForm(send)} data-testid="register" onFocusCapture={() => { phone.locate(); }}>
        <div class="row"><h1 class="grow">{t(w.title)}</h1><LanguageButton /></div>
        <p class="muted">{t(w.intro)}</p>
        <label class="field">{t(w.tcNo)}<input name="tc_no" inputMode="numeric" autocomplete="off" minLength={11} maxLength={11} required value={tcNo} onInput={(event) => { setTcNo(event.currentTarget.value.replaceAll(/\D/g, '')); }} /></label>
        {tcNo.length === 11 && !isTcNo(tcNo) && <p class="problem">{t(w.tcWrong)}</p>}
        <label class="field">{t(w.phone)}<input name="phone" type="tel" autocomplete="tel" required placeholder="+90 5…" /></label>
        <label class="field">{t(w.name)}<input name="name" autocomplete="name" maxLength={200} /></label>
        <label class="field">{t(w.language)}<select name="language">{LANGUAGES.map(([tag, label]) => <option key={tag} value={tag} selected={tag === language()}>{label}</option>)}</select></label>
        <label class="field">{t(w.safeChannel)}<select name="safe_channel" required>{SAFE_CHANNELS.map((one) => <option key={one} value={one}>{code(one)}</option>)}</select></label>
        <label class="field">{t(w.address)}<input name="address" autocomplete="off" maxLength={500} /></label>
        <label class="field">{t(w.province)}<input name="province" type="number" min={1} max={81} /></label>
        <Fault text={act.problem} />
        <button type="submit" class="button primary huge" disabled={act.busy}>{t(w.register)}</button>
        <Call112 />
      </form>
    </main>
  );
}

function Verify({ phone, begun, onVerified }: { readonly phone: Phone; readonly begun: Begun; readonly onVerified: (verified: Verified) => void }): JSX.Element {
  const act = useAct();
  const send = (form: FormData): void => {
    act.run(async () => {
      const own = (name: string): string | null => text(form, name) || null;
      onVerified(await phone.verify(begun.registration_id, { code: text(form, 'code'), cancel_code: own('cancel_code'), duress_code: own('duress_code') }));
    });
  };
  return (
    <main class="sign-in">
      <form onSubmit={onForm(send)} data-testid="verify">
        <h1>{t(w.code)}</h1>
        <p class="muted">{t(w.codeSent)}</p>
        {begun.shown_code && <p class="chip warn" data-testid="shown-code" data-code={begun.shown_code}>{t(w.shownCode, { code: begun.shown_code })}</p>}
        <label class="field">{t(w.code)}<input name="code" inputMode="numeric" autocomplete="one-time-code" required minLength={4} maxLength={10} /></label>
        <p class="muted">{t(w.ownCodes)}</p>
        <label class="field">{t(w.cancelCode)}<input name="cancel_code" inputMode="numeric" autocomplete="off" pattern="[0-9]{4,6}" /></label>
        <label class="field">{t(w.duressCode)}<input name="duress_code" inputMode="numeric" autocomplete="off" pattern="[0-9]{4,6}" /></label>
        <Fault text={act.problem} />
        <button type="submit" class="button primary huge" disabled={act.busy}>{t(w.verify)}</button>
        <Call112 />
      </form>
    </main>
  );
}

function Codes({ verified, onReady }: { readonly verified: Verified; readonly onReady: () => void }): JSX.Element {
  return (
    <main class="sign-in">
      <form onSubmit={onForm(onReady)} data-testid="codes">
        <h1>{t(w.yourCodes)}</h1>
        <div class="code-card"><span>{t(w.cancelCode)}</span><strong data-testid="cancel-code">{verified.cancel_code}</strong><small>{t(w.cancelMeans)}</small></div>
        <div class="code-card"><span>{t(w.duressCode)}</span><strong data-testid="duress-code">{verified.duress_code}</strong><small>{t(w.duressMeans)}</small></div>
        <p class="chip warn">{t(w.remember)}</p>
        <button type="submit" class="button primary huge" data-testid="codes-read">{t(w.ready)}</button>
      </form>
    </main>
  );
}

export function Call112({ loud = false }: { readonly loud?: boolean }): JSX.Element {
  return <a class={`button wide ${loud ? 'danger huge' : ''}`} href="tel:112" data-testid="call-112">{t(w.call112)}</a>;
}
