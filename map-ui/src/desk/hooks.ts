import { useEffect, useState } from 'preact/hooks';
import type { DeskState } from '../state/desk';
import type { Desk } from './desk';

/** Re-render when the desk's state or its line changes. */
export function useDesk(desk: Desk): DeskState {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = (): void => {
      again((n) => n + 1);
    };
    const drop = [desk.subscribe(listener), desk.store.subscribe(listener)];
    return () => {
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
