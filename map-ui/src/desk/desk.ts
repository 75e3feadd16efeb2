import { Siren } from '../sound/siren';
import { EMPTY, reduce, type Change, type DeskState } from '../state/desk';
import { ringing, type Ring } from '../state/order';
import { Store } from '../state/store';
import { DEFAULT_CONFIG, type Camera, type Config, type Gate, type ListedHit, type Me, type TeamRow } from '../wire/answers';
import type { DeskAlarm, Event, Incident, PtsHit } from '../wire/frames';
import { SignedPage } from '../wire/page';
import type { Bounds } from '../map/map';

export const DESK_ROLES: readonly string[] = ['operator', 'dispatcher', 'supervisor'];

const SHOWN_TYPES = new Set<Event['type']>(['incident.opened', 'kades.alert', 'pts.hit', 'desk.alarm', 'standard.breached']);
/** How long `M` keeps one thing quiet on this console. It rings on at every other. */
const MUTE_MS = 60_000;

/** Everything the desk page has besides its looks: the line, the state, the sound, who sits here. */
export class Desk extends SignedPage {
  readonly store = new Store<DeskState, Change>(EMPTY, reduce, mergeKey);
  readonly siren = new Siren(() => {
    this.tell();
  });
  config: Config = DEFAULT_CONFIG;
  /** The operator knows that this console has no sound and works by eye. */
  deaf = false;
  private bounds: Bounds | null = null;
  private readonly muted = new Map<string, number>();

  constructor() {
    super('desk');
    this.store.subscribe(() => {
      this.sound();
      this.confirmShown();
    });
    setInterval(() => {
      this.sound();
    }, 1_000);
  }

  override async open(): Promise<void> {
    // Without it the desk still stands, on the base map that came with it.
    this.config = await this.rest.get<Partial<Config>>('/config').then(readConfig, () => DEFAULT_CONFIG);
    this.me = await this.rest.get<Me>('/me');
    this.tell();
    if (!DESK_ROLES.includes(this.me.role)) return;
    this.connect('/ws/operator', {
      onWelcome: (welcome) => {
        if (welcome.replay === 'snapshot') this.store.push({ kind: 'fresh' });
        if (this.bounds) this.live?.send({ type: 'viewport', bbox: this.bounds });
        void this.load();
      },
      onEvent: (event) => {
        this.store.push({ kind: 'event', event });
        if (event.seq !== null && SHOWN_TYPES.has(event.type)) this.toBeShown(event.seq);
      },
      onUnread: (unread) => {
        this.store.push({ kind: 'unread', unread });
      },
    });
  }

  /** What no frame brings, and the net under what frames bring. */
  async load(): Promise<void> {
    const steps: (() => Promise<void>)[] = [
      async () => {
        this.store.push({ kind: 'incidents', items: await this.rest.all<Incident>('/incidents?state=open'), whole: true });
        // After the incidents: a hit stands in a list of its own only where its incident no longer does.
        if (this.me?.role !== 'dispatcher') this.store.push({ kind: 'hits', items: (await this.rest.all<ListedHit>('/pts/hits?open=true')).map(hitOnly) });
      },
      async () => {
        this.store.push({ kind: 'alarms', items: await this.rest.all<DeskAlarm>('/alarms?open=true') });
      },
      async () => {
        const asked = this.clock.now();
        this.store.push({ kind: 'teams', items: await this.rest.all<TeamRow>('/teams'), asked });
      },
      async () => {
        this.store.push({ kind: 'gates', items: await this.rest.all<Gate>('/pts/gates') });
      },
      async () => {
        this.store.push({ kind: 'cameras', items: await this.rest.all<Camera>('/kgys/cameras') });
      },
    ];
    const results = await Promise.allSettled(steps.map((step) => step()));
    if (results.some((result) => result.status === 'rejected')) {
      this.store.push({ kind: 'notice', text: ['Bazı listeler okunamadı; canlı akış sürüyor.', 'Some lists could not be read; the live line goes on.'] });
    }
  }

  /** Fetch one that no list holds any more, so that it can be looked at. */
  async fetch(incidentId: string): Promise<void> {
    this.store.push({ kind: 'incidents', items: [await this.rest.get<Incident>(`/incidents/${incidentId}`)], whole: false });
  }

  setBounds(bounds: Bounds): void {
    this.bounds = bounds;
    this.live?.send({ type: 'viewport', bbox: bounds });
  }

  signOut(): void {
    this.session.signOut();
  }

  reconnect(): void {
    this.live?.start();
  }

  /** What rings on this console now, muted things left out. */
  rings(): readonly Ring[] {
    if (!this.me) return [];
    const now = Date.now();
    return ringing(this.store.state, this.me.role).filter((ring) => (this.muted.get(ring.key) ?? 0) < now);
  }

  /** Quiet what rings now, for a minute, here. */
  mute(): void {
    const until = Date.now() + MUTE_MS;
    for (const ring of this.rings()) this.muted.set(ring.key, until);
    this.sound();
    this.tell();
  }

  protected override close(): void {
    super.close();
    this.siren.ring(null);
    this.store.push({ kind: 'fresh' });
    this.tell();
  }

  private sound(): void {
    const rings = this.rings();
    const tone = rings[0]?.tone ?? null;
    this.siren.ring(tone);
    const root = document.documentElement.dataset;
    root['audio'] = this.siren.ready ? 'running' : 'suspended';
    root['ringing'] = tone ?? '';
    root['level'] = this.siren.level().toFixed(3);
    document.title = rings.length > 0 ? `(${String(rings.length)}) ● Haber Merkezi` : 'Haber Merkezi';
  }
}

function readConfig(told: Partial<Config>): Config {
  return { demo: told.demo ?? false, map: { ...DEFAULT_CONFIG.map, ...told.map } };
}

/** A listed hit as its frame would tell it; the plate is not kept. */
function hitOnly({ hit_id, incident_id, gate, category, read_at, verdict, outcome, late }: ListedHit): PtsHit {
  const position = { ...gate.position, accuracy_m: null, fixed_at: read_at };
  return { hit_id, incident_id, gate_id: gate.id, category, read_at, verdict, outcome, position, late, drill: false };
}

/** Of a team's moves within one frame only the last is drawn. Every other frame counts. */
export function mergeKey(change: Change): string | null {
  return change.kind === 'event' && change.event.type === 'team.moved' ? `moved:${change.event.data.team_id}` : null;
}
