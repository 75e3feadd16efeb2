import type { JSX } from 'preact';
import { code, t } from '../i18n';
import type { Theme } from '../map/palette';
import { LanguageButton, LinkState } from '../ui/parts';
import { words } from '../ui/words';
import type { Desk } from './desk';
import { desk as w } from './words';

export function Top(props: {
  readonly desk: Desk;
  readonly freeTeams: number;
  readonly stale: boolean;
  readonly theme: Theme;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
  readonly onNew: (() => void) | null;
}): JSX.Element {
  const { desk } = props;
  const rings = desk.rings();
  return (
    <header class="panel top-bar">
      <strong class="brand">Haber Merkezi</strong>
      <LinkState link={desk.link} />
      {desk.link.phase === 'ended' && <button type="button" class="button small" onClick={() => { desk.reconnect(); }}>{t(w.reconnect)}</button>}
      <span class={`chip ${props.stale ? 'is-old' : 'good'}`} data-testid="teams-free">{t(w.teamsFree, { n: props.freeTeams })}</span>
      <span class="grow" />
      {!desk.siren.ready && <span class="chip danger" data-testid="no-sound">{t(words.noSound)}</span>}
      {rings.length > 0 && <button type="button" class="button small danger" onClick={() => { desk.mute(); }}>♪ {t(w.mute)} <kbd>M</kbd></button>}
      {props.onNew && <button type="button" class="button small" data-testid="new-incident-button" onClick={props.onNew}>+ {t(w.newIncident)} <kbd>N</kbd></button>}
      {desk.me?.demo === true && <span class="chip warn">DEMO</span>}
      <span class="who">{desk.me?.name} <small class="muted">{code(desk.me?.role)}</small></span>
      <button type="button" class="button quiet small" title={t(words.theme)} aria-label={t(words.theme)} onClick={props.onTheme}>{props.theme === 'night' ? '☀' : '☾'}</button>
      <LanguageButton />
      <button type="button" class="button quiet small" data-testid="help-button" aria-label={t(w.help)} onClick={props.onHelp}>?</button>
      <button type="button" class="button quiet small" onClick={() => { desk.signOut(); }}>{t(words.signOut)}</button>
    </header>
  );
}
