import { language } from '../i18n';
import type { AlertStatus } from '../wire/answers';
import { ServerClock } from '../wire/clock';
import { Rest } from '../wire/rest';
import { Live, socketUrl, type Link } from '../wire/socket';
import { fixOf, PressLine, type Fix, type Trigger } from './press';

const KEY = 'merkez.kades.device';
const ASK_EVERY_MS = 10_000;
/** An old fix is sent as what it is: the server shows it as last known. */
const REMEMBERED = 'merkez.kades.fix';

export interface Registration {
  readonly tc_no: string;
  readonly phone: string;
  readonly language: string;
  readonly safe_channel: string;
  readonly name: string | null;
  readonly protected_address: string | null;
  readonly province: number | null;
}

export interface Begun {
  readonly registration_id: string;
  readonly shown_code?: string | null;
}

export interface Verified {
  readonly device_token: string;
  readonly cancel_code: string;
  readonly duress_code: string;
}

/** Everything the caller's page has besides its looks. */
export class Phone {
  private token: string | null = localStorage.getItem(KEY);
  readonly rest = new Rest({ token: () => Promise.resolve(this.token), language });
  readonly line: PressLine;
  readonly clock = new ServerClock();
  fix: Fix | null = remembered();
  located = false;
  link: Link | null = null;
  private live: Live | null = null;
  private watch: number | null = null;
  private readonly listeners = new Set<() => void>();

  constructor() {
    this.line = new PressLine({
      send: (path, body, withinMs) => this.rest.postOnce(path, body, withinMs),
      lastFix: () => this.fix,
      onChange: () => {
        this.tell();
      },
    });
    addEventListener('online', () => void this.line.kick());
    setInterval(() => {
      if (this.line.overdue) this.tell();
      void this.ask();
    }, ASK_EVERY_MS / 10);
    if (this.registered) this.begin();
  }

  get registered(): boolean {
    return this.token !== null;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  register(form: Registration): Promise<Begun> {
    return this.rest.post<Begun>('/kades/registrations', { ...form, position: this.fix });
  }

  verify(registrationId: string, body: Record<string, unknown>): Promise<Verified> {
    return this.rest.post<Verified>(`/kades/registrations/${registrationId}/verify`, body);
  }

  keep(verified: Verified): void {
    this.token = verified.device_token;
    localStorage.setItem(KEY, verified.device_token);
    this.begin();
    this.tell();
  }

  forget(): void {
    this.token = null;
    localStorage.removeItem(KEY);
    localStorage.removeItem(REMEMBERED);
    this.line.leave();
    this.live?.stop();
    this.live = null;
    this.tell();
  }

  press(trigger: Trigger): void {
    this.line.ring(trigger);
    this.locate();
    if (trigger === 'button' && 'vibrate' in navigator) navigator.vibrate(120);
  }

  /** Ask for the place without holding anything up: whatever comes later goes after the press. */
  locate(): void {
    if (this.watch !== null || !('geolocation' in navigator)) return;
    this.watch = navigator.geolocation.watchPosition(
      (fix) => {
        this.fix = fixOf(fix);
        this.located = true;
        localStorage.setItem(REMEMBERED, JSON.stringify(this.fix));
        this.line.follow(this.fix);
        this.tell();
      },
      () => {
        this.located = false;
        this.tell();
      },
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 },
    );
  }

  private begin(): void {
    this.locate();
    this.live = new Live({
      url: socketUrl('/ws/kades'),
      token: () => Promise.resolve(this.token),
      clock: this.clock,
      onWelcome: () => void this.line.kick(),
      onEvent: (event) => {
        if (event.type === 'kades.status') this.line.hear(event.data.alert_id, event.data.stage);
      },
      onUnread: () => undefined,
      onLink: (link) => {
        this.link = link;
        this.tell();
      },
      onRefused: () => Promise.resolve(),
    });
    this.live.start();
  }

  private asked = 0;

  /** Where the socket is down, or says nothing because the press was silent, the phone asks. */
  private async ask(): Promise<void> {
    const press = this.line.press;
    const id = press?.alert_id;
    if (press === null || id == null || press.stage === 'closed' || Date.now() - this.asked < ASK_EVERY_MS) return;
    this.asked = Date.now();
    try {
      const status = await this.rest.get<AlertStatus>(`/kades/alerts/${id}`);
      this.line.hear(id, status.stage);
    } catch {
      // The next one asks again.
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function remembered(): Fix | null {
  try {
    const value = JSON.parse(localStorage.getItem(REMEMBERED) ?? 'null') as Partial<Fix> | null;
    return typeof value?.lon === 'number' && typeof value.lat === 'number' && typeof value.fixed_at === 'string' ? (value as Fix) : null;
  } catch {
    return null;
  }
}
