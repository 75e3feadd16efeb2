import type { ComponentChildren, JSX, TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { code, t, timeText } from '../i18n';
import type { LonLat } from '../map/geometry';
import type { DeskState } from '../state/desk';
import { isOpen } from '../state/order';
import { DrillChip, Fault, useAct } from '../ui/parts';
import { words } from '../ui/words';
import type { Colleague, Page } from '../wire/answers';
import type { Incident } from '../wire/frames';
import type { Acts } from './acts';
import { placeText } from './AlertList';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { BODIES, desk as w, KINDS, OUTCOMES } from './words';

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function Form(props: {
  readonly title: string;
  readonly go: string;
  readonly testid: string;
  readonly send: (form: FormData) => Promise<unknown>;
  readonly onDone: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const act = useAct();
  const form = useRef<HTMLFormElement>(null);
  // A browser heeds `autofocus` once in a page's life, and signing in has had it: a form opened by a key would leave the keys where they were.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[autofocus]')?.focus();
  }, []);
  const submit = (event: TargetedEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    const filled = new FormData(event.currentTarget);
    act.run(async () => {
      await props.send(filled);
      props.onDone();
    });
  };
  return (
    <form ref={form} class="section form" onSubmit={submit} data-testid={props.testid}>
      <h3>{props.title}</h3>
      {props.children}
      <Fault text={act.problem} />
      <div class="row">
        <button type="submit" class="button primary" disabled={act.busy}>{props.go}</button>
        <button type="button" class="button quiet" onClick={props.onDone}>{t(words.cancel)}</button>
      </div>
    </form>
  );
}

/** No outcome, no close (E4): the first choice is empty on purpose. */
export function CloseForm({ acts, incident, onDone }: { readonly acts: Acts; readonly incident: Incident; readonly onDone: () => void }): JSX.Element {
  const [referred, setReferred] = useState(false);
  return (
    <Form title={t(w.closeIncident)} go={t(w.closeIncident)} testid="close-form" onDone={onDone} send={(form) => acts.close(incident.id, text(form, 'outcome'), text(form, 'note'), referred ? text(form, 'body') : null)}>
      <label class="field">{t(w.outcome)}
        <select name="outcome" required autofocus onChange={(event) => { setReferred(event.currentTarget.value === 'referred'); }}>
          <option value="">—</option>
          {OUTCOMES.map((one) => <option key={one} value={one}>{code(one)}</option>)}
        </select>
      </label>
      {referred && (
        <label class="field">{t(w.body)}
          <select name="body" required>{BODIES.map((one) => <option key={one} value={one}>{code(one)}</option>)}</select>
        </label>
      )}
      <label class="field">{t(w.note)}<textarea name="note" maxLength={2000} /></label>
    </Form>
  );
}

/** To the desk, or to somebody by name: it rings either way until it is taken. The list of colleagues never keeps the desk from being chosen. */
export function HandOverForm({ desk, acts, incident, onDone }: { readonly desk: Desk; readonly acts: Acts; readonly incident: Incident; readonly onDone: () => void }): JSX.Element {
  const asked = useAsked(incident.id, () => desk.rest.get<Page<Colleague>>('/desk/colleagues'));
  const may = asked.value?.items.filter((one) => one.provinces.some((province) => incident.provinces.includes(province)));
  return (
    <Form title={t(w.handOver)} go={t(w.handOver)} testid="hand-over-form" onDone={onDone} send={(form) => acts.handOver(incident.id, text(form, 'note'), text(form, 'to') || null)}>
      <label class="field">{t(w.handOverTo)}
        <select name="to" autofocus>
          <option value="">{t(w.toTheDesk)}</option>
          {may?.map((one) => <option key={one.id} value={one.id}>{one.name} · {code(one.role)} · {t(w.lastSeen, { t: timeText(one.last_seen_at) })}</option>)}
        </select>
      </label>
      {may?.length === 0 && <p class="muted">{t(w.noColleagues)}</p>}
      {asked.fault !== null && <p class="muted">{t(w.colleaguesUnread)}</p>}
      <label class="field">{t(w.handOverNote)}<textarea name="note" required maxLength={2000} /></label>
    </Form>
  );
}

export function MergeForm(props: { readonly acts: Acts; readonly incident: Incident; readonly state: DeskState; readonly now: number; readonly onDone: () => void }): JSX.Element {
  const others = [...props.state.incidents.values()].filter((one) => one.id !== props.incident.id && isOpen(one) && one.drill === props.incident.drill);
  return (
    <Form title={t(w.mergeInto)} go={t(w.merge)} testid="merge-form" onDone={props.onDone} send={(form) => props.acts.merge(props.incident.id, text(form, 'into'))}>
      <label class="field">{t(w.mergeInto)}
        <select name="into" required autofocus>
          <option value="">—</option>
          {others.map((one) => <option key={one.id} value={one.id}>{one.olay_no} · {code(one.kind)} · {placeText(one, props.now)}</option>)}
        </select>
      </label>
    </Form>
  );
}

/** An ihbar by telephone: accepted with no document, with whatever is known of the place (E1, E2). */
export function NewIncidentForm(props: { readonly acts: Acts; readonly place: LonLat | null; readonly onPickPlace: () => void; readonly onDone: () => void; readonly onOpened: (id: string) => void }): JSX.Element {
  const [drill, setDrill] = useState(false);
  const send = async (form: FormData): Promise<void> => {
    const place = text(form, 'place');
    if (place === '' && props.place === null) throw new Error(t(w.needPlace));
    const name = text(form, 'caller_name');
    const phone = text(form, 'caller_phone');
    const words_ = text(form, 'words');
    const caller = name === '' && phone === '' && words_ === '' ? null : { name: name || null, phone: phone || null, words: words_ || null };
    const opened = await props.acts.open({ kind: text(form, 'kind'), priority: Number(text(form, 'priority')), position: props.place, place_text: place || null, caller, drill });
    props.onOpened(opened.id);
  };
  return (
    <aside class={`panel detail phone ${drill ? 'is-drill' : ''}`} data-testid="new-incident">
      {drill && <p class="drill-band">TATBİKAT · DRILL · TATBİKAT</p>}
      <div class="scroll">
        <Form title={t(w.newIncident)} go={t(w.open)} testid="new-incident-form" onDone={props.onDone} send={send}>
          <label class="field">{t(w.kind)}
            <select name="kind" required autofocus>{KINDS.map((one) => <option key={one} value={one}>{code(one)}</option>)}</select>
          </label>
          <label class="field">{t(w.priority)}
            <select name="priority">{[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => <option key={n} value={n} selected={n === 5}>{n}</option>)}</select>
          </label>
          <label class="field">{t(w.place)}<input name="place" maxLength={500} /></label>
          <div class="row">
            <button type="button" class="button small" onClick={props.onPickPlace}>{t(w.pickPlace)}</button>
            {props.place && <span class="muted">{t(w.placePicked, { where: `${props.place.lat.toFixed(5)}, ${props.place.lon.toFixed(5)}` })}</span>}
          </div>
          <label class="field">{t(w.words)}<textarea name="words" maxLength={2000} /></label>
          <label class="field">{t(w.callerName)}<input name="caller_name" maxLength={200} /></label>
          <label class="field">{t(w.callerPhone)}<input name="caller_phone" type="tel" maxLength={30} /></label>
          <label class="check"><input type="checkbox" checked={drill} onChange={(event) => { setDrill(event.currentTarget.checked); }} /> {t(w.drillFlag)} <DrillChip on={drill} /></label>
        </Form>
      </div>
    </aside>
  );
}
