import { useEffect, useState } from 'preact/hooks';
import type { DeskState } from '../state/desk';
import type { Desk } from './desk';

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
