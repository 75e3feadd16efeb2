import type { Text } from '../i18n';

export interface Key {
  readonly keys: readonly string[];
  readonly what: Text;
}

/** Every shortcut of the desk, in the order in which the help shows them. */
export const KEYS = {
  help: { keys: ['?'], what: ['Bu yardım', 'This help'] },
  next: { keys: ['j', 'ArrowDown'], what: ['Sonraki olay', 'Next incident'] },
  previous: { keys: ['k', 'ArrowUp'], what: ['Önceki olay', 'Previous incident'] },
  fly: { keys: ['f'], what: ['Haritada göster', 'Show on the map'] },
  take: { keys: ['t'], what: ['Üstlen', 'Take'] },
  nearest: { keys: ['d'], what: ['En yakın ekibi gönder / destek', 'Send nearest team / reinforce'] },
  reRoute: { keys: ['r'], what: ['Yeri değiştir (haritada tıkla)', 'Re-route (click on the map)'] },
  close: { keys: ['c'], what: ['Sonuçlandır', 'Close with an outcome'] },
  first: { keys: ['1'], what: ['Gerçek · plakayı doğrula', 'Genuine · confirm the plate'] },
  second: { keys: ['2'], what: ['Yanlışlıkla · yanlış okuma', 'Mistaken · misread'] },
  third: { keys: ['3'], what: ['Belirsiz · kayıt geçerli değil', 'Unclear · entry not active'] },
  acknowledge: { keys: ['a'], what: ['İlk alarmı gördüm', 'Acknowledge the first alarm'] },
  open: { keys: ['n'], what: ['Elle olay aç', 'Open an incident by hand'] },
  mute: { keys: ['m'], what: ['Bu konsolu 1 dk sustur', 'Mute this console for 1 min'] },
  escape: { keys: ['Escape'], what: ['Vazgeç, kapat', 'Cancel, close'] },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof KEYS;

/** Which shortcut a key press is; none while somebody types or a modifier is held. */
export function keyOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target' | 'repeat'>): KeyName | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing && event.key !== 'Escape') return null;
  const key = event.key.length === 1 ? event.key.toLocaleLowerCase('en') : event.key;
  for (const [name, one] of Object.entries(KEYS)) {
    // A key held down must not dispatch a team twice; moving through the list may repeat.
    if ((one.keys as readonly string[]).includes(key)) return event.repeat && name !== 'next' && name !== 'previous' ? null : (name as KeyName);
  }
  return null;
}
