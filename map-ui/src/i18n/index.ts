import { useEffect, useState } from 'preact/hooks';
import { codes } from './codes';

export type Language = 'tr' | 'en';
/** Turkish first, English beside it: a text that lacks one of them does not compile. */
export type Text = readonly [tr: string, en: string];

const KEY = 'merkez.language';
const listeners = new Set<() => void>();
let current: Language = load();

function load(): Language {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'tr';
  } catch {
    return 'tr';
  }
}

export function language(): Language {
  return current;
}

export function setLanguage(next: Language): void {
  current = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing still speaks the chosen language until it is closed.
  }
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

export function t(text: Text, values: Readonly<Record<string, string | number>> = {}): string {
  return text[current === 'tr' ? 0 : 1].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A word of the wire in the reader's language; one we do not know yet is shown as it came, never hidden. */
export function code(word: string | null | undefined): string {
  if (word === null || word === undefined || word === '') return '—';
  const known = codes[word];
  return known ? t(known) : word.replaceAll('_', ' ');
}

/** Re-render when the language changes. */
export function useLanguage(): Language {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = (): void => {
      again((n) => n + 1);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return current;
}

const ZONE = 'Europe/Istanbul';

/** Wall time in Türkiye, whatever the console's own zone: `14:03:27`. */
export function timeText(at: string | null | undefined): string {
  if (!at) return '—';
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return '—';
  return new Intl.DateTimeFormat('tr-TR', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(when);
}

export function dateTimeText(at: string | null | undefined): string {
  if (!at) return '—';
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return '—';
  return new Intl.DateTimeFormat(current === 'tr' ? 'tr-TR' : 'en-GB', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' }).format(when);
}

export function metres(value: number | null | undefined): string {
  if (value === null || value === undefined) return '—';
  if (value < 995) return `${String(Math.round(value / 10) * 10)} m`;
  return `${new Intl.NumberFormat(current === 'tr' ? 'tr-TR' : 'en-GB', { maximumFractionDigits: 1 }).format(value / 1000)} km`;
}

/** `40 sn`, `3 dk`, `2 sa`: ages and driving times, where seconds stop mattering after a minute. */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '—';
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t(['{n} sn', '{n} s'], { n: s });
  if (s < 3600) return t(['{n} dk', '{n} min'], { n: Math.round(s / 60) });
  return t(['{n} sa', '{n} h'], { n: Math.round(s / 3600) });
}
