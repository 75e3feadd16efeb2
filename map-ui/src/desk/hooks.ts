import { useEffect, useState } from 'preact/hooks';
import { t, timeText } from '../i18n';
import type { DeskState } from '../state/desk';
import type { Desk } from './desk';
import { desk as w } from './words';

const TEAMS_EVERY_MS = 1_000;

/** Whether the lists say something else now. Where teams are is the map's business, and it draws itself. */
export function saysMore(before: DeskState, after: DeskState): boolean {
  return (Object.keys(after) as (keyof DeskState)[]).some((key) => key !== 'teams' && key !== 'trails' && before[key] !== after[key]);
}

/** Re-render when the desk's state or its line changes; for moving teams alone, once a second. */
export function useDesk(desk: Desk): DeskState {
  const [, again] = useState(0);
  useEffect(() => {
    let drawn = desk.store.state;
    let later: ReturnType<typeof setTimeout> | undefined;
    const now = (): void => {
      clearTimeout(later);
      later = undefined;
      drawn = desk.store.state;
      again((n) => n + 1);
    };
    const changed = (): void => {
      if (saysMore(drawn, desk.store.state)) now();
      else later ??= setTimeout(now, TEAMS_EVERY_MS);
    };
    const drop = [desk.subscribe(now), desk.store.subscribe(changed)];
    return () => {
      clearTimeout(later);
      for (const one of drop) one();
    };
  }, [desk]);
  return desk.store.state;
}

// A line that mends itself within this long was never worth a shout; one second of an old picture is.
const STALE_AFTER_MS = 700;

/** What to say over a picture that is no longer live, and null while it is: nobody may take the last state for this one. */
export function useStale(desk: Desk): string | null {
  const broken = desk.link.phase !== 'live';
  const [stale, setStale] = useState(false);
  useEffect(() => {
    if (!broken) {
      setStale(false);
      return undefined;
    }
    const timer = setTimeout(() => {
      setStale(true);
    }, STALE_AFTER_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [broken]);
  if (!broken || !stale) return null;
  const { heardAt } = desk.link;
  return heardAt === null ? t(w.noPicture) : t(w.stalePicture, { t: timeText(new Date(heardAt + desk.clock.offset()).toISOString()) });
}

/** Read something whenever `key` changes; null until it came. A later key's answer is never overwritten by an earlier one's. */
export function useAsked<T>(key: string, ask: () => Promise<T>): { readonly value: T | null; readonly fault: unknown } {
  const [answer, setAnswer] = useState<{ key: string; value: T | null; fault: unknown }>({ key: '', value: null, fault: null });
  useEffect(() => {
    let current = true;
    ask().then(
      (value) => {
        if (current) setAnswer({ key, value, fault: null });
      },
      (fault: unknown) => {
        if (current) setAnswer((before) => ({ key, value: before.key === key ? before.value : null, fault }));
      },
    );
    return () => {
      current = false;
    };
  }, [key]);
  return answer.key === key ? answer : { value: null, fault: null };
}
