import { language } from '../i18n';
import type { Me } from './answers';
import { ServerClock } from './clock';
import { cameBack, type CameBack, type Proof } from './oidc';
import { Rest } from './rest';
import { Session } from './session';
import { Live, socketUrl, type Link, type LiveOptions } from './socket';

/** What a page with a signed-in person has besides its looks: the session, the server's clock, one live line, and who listens. */
export abstract class SignedPage {
  readonly clock = new ServerClock();
  readonly session: Session;
  readonly rest = new Rest({ token: (renewed) => this.session.token(renewed), language });
  me: Me | null = null;
  /** What the person brought back from the organisation's sign-in; read and wiped before anything else can see it. */
  private brought: CameBack | null = cameBack();
  link: Link = { phase: 'connecting', since: Date.now(), retryAt: null, tries: 0, replay: 'none', replayed: 0, ended: null, heardAt: null };
  protected live: Live | null = null;
  private toShow: number[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(name: string) {
    this.session = new Session({ name, language });
    this.session.onRenewed((token) => this.live?.renew(token));
    this.session.onEnded(() => {
      this.close();
    });
    addEventListener('online', () => this.live?.hurry());
    document.addEventListener('visibilitychange', () => this.live?.hurry());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.session.signIn(username, password);
    await this.open();
  }

  /** What was brought back, once: whoever signs out must not find themselves signed in again. */
  takeBrought(): CameBack | null {
    const { brought } = this;
    this.brought = null;
    return brought;
  }

  async signInWith(proof: Proof): Promise<void> {
    await this.session.signInWith(proof);
    await this.open();
  }

  /** Read who sits here and open the line. */
  abstract open(): Promise<void>;

  /** Forget what belonged to the person who is signed out. */
  protected close(): void {
    this.live?.stop();
    this.live = null;
    this.me = null;
  }

  protected connect(door: string, on: Pick<LiveOptions, 'onWelcome' | 'onEvent' | 'onUnread'>): void {
    this.live = new Live({
      ...on,
      url: socketUrl(door),
      token: () => this.session.token(),
      clock: this.clock,
      onLink: (link) => {
        this.link = link;
        this.tell();
      },
      onRefused: () => this.session.renew(),
    });
    this.live.start();
  }

  /** This frame is evidence once somebody could see it. */
  protected toBeShown(seq: number): void {
    this.toShow.push(seq);
  }

  /** Evidence for the log: after the frame in which it was drawn, and only where somebody could see it. */
  protected confirmShown(): void {
    const seqs = this.toShow;
    this.toShow = [];
    if (seqs.length === 0 || document.visibilityState !== 'visible') return;
    requestAnimationFrame(() => {
      for (const seq of seqs) this.live?.send({ type: 'shown', seq });
    });
  }

  protected tell(): void {
    for (const listener of this.listeners) listener();
  }
}
