import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { code, t, timeText } from '../i18n';
import { Fault, faultText } from '../ui/parts';
import type { HistoryLine, Page } from '../wire/answers';
import type { Incident } from '../wire/frames';
import type { Desk } from './desk';
import { useAsked } from './hooks';
import { desk as w } from './words';

export function History({ desk, incident }: { readonly desk: Desk; readonly incident: Incident }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <section class="section">
      <button type="button" class="button quiet small" aria-expanded={open} onClick={() => { setOpen(!open); }}>{open ? '▾' : '▸'} {t(w.history)}</button>
      {open && <Lines desk={desk} incident={incident} />}
    </section>
  );
}

function Lines({ desk, incident }: { readonly desk: Desk; readonly incident: Incident }): JSX.Element {
  const asked = useAsked(`${incident.id}:${String(incident.version)}`, () => desk.rest.get<Page<HistoryLine>>(`/incidents/${incident.id}/history`));
  if (asked.fault !== null) return <Fault text={faultText(asked.fault)} />;
  return (
    <ol class="history">
      {(asked.value?.items ?? []).map((line, i) => (
        <li key={i}><time>{timeText(line.at)}</time> <span>{code(line.kind)}{line.actor ? ` · ${line.actor}` : ''}</span> <small class="muted">{detailText(line.detail)}</small></li>
      ))}
    </ol>
  );
}

function detailText(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null) return '';
  return Object.entries(detail).filter(([, value]) => typeof value === 'string' || typeof value === 'number').map(([, value]) => code(String(value))).join(' · ');
}
