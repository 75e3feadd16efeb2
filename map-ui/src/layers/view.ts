import type { Palette } from '../map/palette';
import type { DeskState } from '../state/desk';

/** Everything the desk's layers draw from. */
export interface DeskView {
  readonly desk: DeskState;
  readonly selected: string | null;
  /** Server time in milliseconds, rounded so that ages change in steps. */
  readonly now: number;
  readonly palette: Palette;
  readonly provinces: readonly number[];
}
