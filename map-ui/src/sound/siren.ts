import type { Tone } from '../state/order';
import { samplesOf } from './tones';

/**
 * The sound of the desk. A browser keeps every page silent until somebody has clicked on it, so whoever uses this must look at
 * `ready` and make the operator click: an alarm that nobody can hear is worse than none, since the desk believes it has one.
 */
export class Siren {
  private readonly context: AudioContext | null;
  private readonly meter: AnalyserNode | null;
  private readonly gain: GainNode | null;
  private source: AudioBufferSourceNode | null = null;
  private playing: Tone | null = null;
  private wanted: Tone | null = null;

  constructor(private readonly onState: () => void) {
    this.context = typeof AudioContext === 'undefined' ? null : new AudioContext({ latencyHint: 'interactive' });
    this.gain = this.context?.createGain() ?? null;
    this.meter = this.context?.createAnalyser() ?? null;
    if (!this.context || !this.gain || !this.meter) return;
    this.gain.connect(this.meter).connect(this.context.destination);
    this.context.addEventListener('statechange', () => {
      this.play();
      this.onState();
    });
  }

  /** False whenever an alarm would not be heard. */
  get ready(): boolean {
    return this.context?.state === 'running';
  }

  /** Must run inside a click. Resolves once sound really flows; rejects where the machine has none. */
  async start(): Promise<void> {
    if (!this.context) throw new Error('no audio');
    await this.context.resume();
    this.play();
  }

  /** Sound this tone until told otherwise; null is silence. */
  ring(tone: Tone | null): void {
    this.wanted = tone;
    this.play();
  }

  setVolume(share: number): void {
    if (this.gain) this.gain.gain.value = Math.min(1, Math.max(0.15, share));
  }

  /** Loudest sample just now, 0 … 1: proof that something leaves the page. */
  level(): number {
    if (!this.meter) return 0;
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
  }

  private play(): void {
    if (!this.context || !this.gain || !this.ready || this.wanted === this.playing) return;
    this.source?.stop();
    this.source = null;
    this.playing = this.wanted;
    if (this.wanted === null) return;
    const samples = samplesOf(this.wanted, this.context.sampleRate);
    const buffer = this.context.createBuffer(1, samples.length, this.context.sampleRate);
    buffer.copyToChannel(samples, 0);
    this.source = this.context.createBufferSource();
    this.source.buffer = buffer;
    this.source.loop = true;
    this.source.connect(this.gain);
    this.source.start();
  }
}
