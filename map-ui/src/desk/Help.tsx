import type { JSX } from 'preact';
import { t } from '../i18n';
import { words } from '../ui/words';
import { KEYS } from './keys';
import { desk as w } from './words';

const NAMES: Readonly<Record<string, string>> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };

export function Help({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <div class="veil" onClick={onClose} data-testid="help">
      <div class="panel help" role="dialog" aria-modal="true" aria-label={t(w.help)} onClick={(event) => { event.stopPropagation(); }}>
        <header class="row"><h2 class="grow">{t(w.help)}</h2><button type="button" class="button quiet small" autofocus onClick={onClose}>{t(words.close)}</button></header>
        <dl class="keys">
          {Object.entries(KEYS).map(([name, one]) => [
            <dt key={`${name}-k`}>{one.keys.map((key) => <kbd key={key}>{NAMES[key] ?? key.toUpperCase()}</kbd>)}</dt>,
            <dd key={name}>{t(one.what)}</dd>,
          ])}
        </dl>
      </div>
    </div>
  );
}
