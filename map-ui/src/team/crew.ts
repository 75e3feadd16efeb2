import { Siren } from '../sound/siren';
import { Outbox, type Waiting } from '../state/outbox';
import { Store } from '../state/store';
import { isRinging, NO_TEAM, reduceTeam, type TeamChange, type TeamState } from '../state/team';
import type { Me, Page, StatusAnswer } from '../wire/answers';
import type { Event, Offer, TeamChanged, Unread } from '../wire/frames';
import { SignedPage } from '../wire/page';
import { reportOf, Track, type Report } from './place';

export type CrewAct = 'accepted' | 'declined' | 'en_route' | 'on_scene' | 'clear';

const VIBRATE_MS = [400, 150, 400, 150, 800];
// A fix older than five minutes ranks its team last; a browser that stands still reports nothing by itself.
const STANDING_EVERY_MS = 30_000;
const WATCHED: PositionOptions = { enableHighAccuracy: true, maximumAge: 2_000, timeout: 20_000 };

/** Everything a crew's page has besides its looks. */
export class Crew extends SignedPage {
  readonly store = new Store<TeamState, TeamChange>(NO_TEAM, reduceTeam);
  readonly siren = new Siren(() => {
    this.tell();
  });
  readonly track = new Track((report) => this.live?.send({ type: 'position', ...report }) ?? false);
  outbox: Outbox | null = null;
  here: Report | null = null;
  hereFault = false;
  unread: Unread | null = null;
  panicked = false;
  private watch: number | null = null;
  private standing: ReturnType<typeof setInterval> | undefined;
  private asking = false;
  private begun = false;

  constructor(private readonly standingEveryMs = STANDING_EVERY_MS) {
    super('team');
    this.store.subscribe(() => {
      this.ring();
      this.confirmShown();
    });
    addEventListener('online', () => {
      void this.outbox?.kick();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.watch !== null) this.stayAwake();
    });
  }

  override async open(): Promise<void> {
    this.me = await this.rest.get<Me>('/me');
    this.tell();
    if (this.me.role !== 'team') return;
    // Signed in again on a page whose sound is on already: no gate asks for a touch, and the crew must be seen all the same.
    if (this.begun) this.begin();
    this.outbox = new Outbox({
      key: `merkez.outbox.${this.me.id ?? this.me.name}`,
      send: (path, body) => this.rest.postOnce(path, body),
      onChange: () => {
        this.tell();
      },
      onAnswer: (item, answer) => {
        this.answered(item, answer);
      },
    });
    this.connect('/ws/team', {
      onWelcome: (welcome) => {
        if (welcome.replay === 'snapshot') this.store.push({ kind: 'fresh' });
        void this.outbox?.kick();
        void this.catchUp();
      },
      onEvent: (event) => {
        this.hear(event);
      },
      onUnread: (unread) => {
        this.unread = unread;
        this.tell();
      },
    });
    void this.outbox.kick();
  }

  /** Inside the crew's first touch: position, a screen that stays on. */
  begin(): void {
    this.begun = true;
    this.stayAwake();
    if (this.watch !== null || !('geolocation' in navigator)) return;
    this.watch = navigator.geolocation.watchPosition((fix) => { this.takeFix(fix); }, () => { this.noFix(); }, WATCHED);
    this.standing = setInterval(() => { this.askAgain(); }, this.standingEveryMs);
  }

  /** A crew that stands still is asked where it is: what is no new fix is not sent, since an old one under a new time would be a lie. */
  private askAgain(): void {
    if (this.asking || this.me === null || this.store.state.team?.roster === 'off_duty') return;
    this.asking = true;
    navigator.geolocation.getCurrentPosition(
      (fix) => {
        this.asking = false;
        this.takeFix(fix);
      },
      () => {
        this.asking = false;
        this.noFix();
      },
      WATCHED,
    );
  }

  private takeFix(fix: GeolocationPosition): void {
    const report = reportOf(fix);
    this.hereFault = false;
    if (this.watch !== null && report.fixed_at !== this.here?.fixed_at) {
      this.here = report;
      this.track.take(report);
    }
    this.tell();
  }

  private noFix(): void {
    this.hereFault = true;
    this.tell();
  }

  say(offer: Offer, state: CrewAct): void {
    this.outbox?.add(offer.id, `/dispatches/${offer.id}/status`, { state, by: 'app' });
  }

  setRoster(state: TeamChanged['roster']): void {
    if (this.me?.team_id) this.outbox?.add('roster', `/teams/${this.me.team_id}/roster`, { state });
  }

  panic(): void {
    this.panicked = false;
    this.outbox?.add('panic', '/teams/panic', { position: this.here });
    if ('vibrate' in navigator) navigator.vibrate(200);
  }

  /** What the crew has said about a dispatch and the server has not answered yet. */
  unsent(offer: Offer): Waiting | null {
    return this.outbox?.about(offer.id) ?? null;
  }

  private hear(event: Event): void {
    this.store.push({ kind: 'event', event });
    if (event.type !== 'dispatch.offered') return;
    // The app has it: said at once, before anything is drawn, because fifteen seconds are running.
    if (event.seq !== null) {
      this.live?.send({ type: 'ack', seq: event.seq });
      this.toBeShown(event.seq);
    } else this.outbox?.add(`ack:${event.data.id}`, `/dispatches/${event.data.id}/status`, { state: 'acknowledged', by: 'app' });
  }

  private answered(item: Waiting, answer: unknown): void {
    if (item.about === 'panic') {
      this.panicked = true;
      this.tell();
    } else if (item.path.startsWith('/dispatches/')) {
      this.store.push({ kind: 'offer', offer: answer as StatusAnswer });
    } else if (item.about === 'roster') {
      this.store.push({ kind: 'event', event: { seq: null, prev: null, type: 'team.changed', at: '', data: answer as TeamChanged } });
    }
  }

  /** The net under the replay, and the track of the time without a line. */
  private async catchUp(): Promise<void> {
    try {
      const mine = await this.rest.get<Page<Offer>>('/dispatches/mine');
      this.store.push({ kind: 'mine', items: mine.items });
    } catch {
      // The socket brings the same; the next welcome asks again.
    }
    const kept = this.track.drain();
    if (kept.length === 0) return;
    try {
      await this.rest.postOnce('/teams/positions', { positions: kept });
    } catch {
      this.track.putBack(kept);
    }
  }

  private ring(): void {
    const ringing = [...this.store.state.inHand.values()].some((offer) => isRinging(offer) && this.unsent(offer) === null);
    const changed = (document.documentElement.dataset['ringing'] === 'yes') !== ringing;
    document.documentElement.dataset['ringing'] = ringing ? 'yes' : '';
    this.siren.ring(ringing ? 'kades' : null);
    if (changed && 'vibrate' in navigator) navigator.vibrate(ringing ? VIBRATE_MS : 0);
  }

  private stayAwake(): void {
    // Refused on low battery or by old browsers; then the screen sleeps and the sound still rings.
    if ('wakeLock' in navigator) void navigator.wakeLock.request('screen').catch(() => undefined);
  }

  protected override close(): void {
    super.close();
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.standing);
    this.watch = null;
    this.here = null;
    this.siren.ring(null);
    this.store.push({ kind: 'fresh' });
    this.tell();
  }

  protected override tell(): void {
    this.ring();
    super.tell();
  }
}
