import type { Tone } from '../state/order';

/** One beep: Hz, from and to in seconds. `to` slides the pitch. */
interface Beep {
  readonly hz: number;
  readonly toHz?: number;
  readonly at: number;
  readonly lasts: number;
}

interface Pattern {
  readonly period: number;
  readonly beeps: readonly Beep[];
}

/**
 * A tone for each thing that rings, told apart by rhythm as well as by pitch: consoles stand in noisy rooms and not every ear
 * hears every pitch. Shorter period = more urgent.
 */
const PATTERNS: Record<Tone, Pattern> = {
  panic: { period: 0.8, beeps: [{ hz: 740, toHz: 1480, at: 0, lasts: 0.36 }, { hz: 1480, toHz: 740, at: 0.4, lasts: 0.36 }] },
  kades: { period: 1.6, beeps: [{ hz: 988, at: 0, lasts: 0.14 }, { hz: 1319, at: 0.18, lasts: 0.14 }, { hz: 988, at: 0.36, lasts: 0.14 }, { hz: 1319, at: 0.54, lasts: 0.24 }] },
  alarm: { period: 1.8, beeps: [{ hz: 523, at: 0, lasts: 0.3 }, { hz: 523, at: 0.42, lasts: 0.3 }, { hz: 523, at: 0.84, lasts: 0.3 }] },
  pts: { period: 3, beeps: [{ hz: 659, at: 0, lasts: 0.12 }, { hz: 880, at: 0.2, lasts: 0.2 }] },
  call: { period: 4, beeps: [{ hz: 587, at: 0, lasts: 0.18 }, { hz: 440, at: 0.24, lasts: 0.26 }] },
};

/** One period of a tone as samples, to be looped: no timer, so a hidden tab cannot slow the alarm down. */
export function samplesOf(tone: Tone, rate: number): Float32Array<ArrayBuffer> {
  const { period, beeps } = PATTERNS[tone];
  const out = new Float32Array(Math.round(period * rate));
  for (const beep of beeps) {
    const first = Math.round(beep.at * rate);
    const count = Math.round(beep.lasts * rate);
    let phase = 0;
    for (let i = 0; i < count && first + i < out.length; i += 1) {
      const share = i / count;
      phase += (2 * Math.PI * (beep.hz + ((beep.toHz ?? beep.hz) - beep.hz) * share)) / rate;
      // A third harmonic carries through small speakers; soft edges keep it from clicking.
      const edge = Math.min(1, i / (0.008 * rate), (count - i) / (0.02 * rate));
      out[first + i] = (Math.sin(phase) * 0.75 + Math.sin(3 * phase) * 0.2) * edge * 0.8;
    }
  }
  return out;
}
