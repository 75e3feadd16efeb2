import type { JSX, TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { code, t, timeText } from '../i18n';
import { Fault, faultText, useAct } from '../ui/parts';
import type { HistoryLine, Page } from '../wire/answers';
import type { Incident } from '../wire/frames';
import type { Acts } from './acts';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { desk as w } from './words';

export function History({ desk, acts, incident, mayWrite }: { readonly desk: Desk; readonly acts: Acts; readonly incident: Incident; readonly mayWrite: boolean }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <section class="section">
      <button type="button" class="button quiet small" aria-expanded={open} onClick={() => { setOpen(!open); }}>{open ? '▾' : '▸'} {t(w.history)}</button>
      {open && <Lines desk={desk} acts={acts} incident={incident} mayWrite={mayWrite} />}
    </section>
  );
}

function Lines({ desk, acts, incident, mayWrite }: { readonly desk: Desk; readonly acts: Acts; readonly incident: Incident; readonly mayWrite: boolean }): JSX.Element {
  const act = useAct();
  const [written, setWritten] = useState(0);
  const [note, setNote] = useState('');
  const key = `${incident.id}:${String(incident.version)}:${incident.dispatches.map((one) => one.state).join()}:${String(written)}`;
  const asked = useAsked(key, () => desk.rest.get<Page<HistoryLine>>(`/incidents/${incident.id}/history`));
  if (asked.fault !== null) return <Fault text={faultText(asked.fault)} />;
  const write = (event: TargetedEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    if (note.trim() === '') return;
    act.run(async () => {
      await acts.note(incident.id, note.trim());
      setNote('');
      setWritten((n) => n + 1);
    });
  };
  return (
    <>
      {mayWrite && (
        <form class="row" onSubmit={write}>
          <label class="field grow">{t(w.addNote)}<input value={note} maxLength={2000} onInput={(event) => { setNote(event.currentTarget.value); }} /></label>
          <button type="submit" class="button small" disabled={act.busy}>+</button>
        </form>
      )}
      <Fault text={act.problem} />
      <ol class="history">
      {(asked.value?.items ?? []).map((line, i) => (
        <li key={i}><time>{timeText(line.at)}</time> <span>{code(line.kind.replace(/^dispatch\./, ''))}{line.actor ? ` · ${line.actor}` : ''}</span> <small class="muted">{detailText(line.detail)}</small></li>
      ))}
      </ol>
    </>
  );
}

// Ids tie lines to things for whoever reads the log; to people at the desk they say nothing.
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function detailText(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null) return '';
  return Object.values(detail).filter((value) => (typeof value === 'string' && !ID.test(value)) || typeof value === 'number').map((value) => code(String(value))).join(' · ');
}
