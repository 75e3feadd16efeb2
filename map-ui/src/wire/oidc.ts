import { language, t } from '../i18n';
import { words } from '../ui/words';

/** Where the organisation signs its people in; the server says it, and a 404 says that there is none. */
export interface Offer {
  readonly authorization_endpoint: string;
  readonly client_id: string;
  readonly scope: string;
  readonly response_mode: string;
}

/** What the person came back with. `client_id` is law 3's: the same proof sent twice opens one session. */
export interface Proof {
  readonly client_id: string;
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
}

/** A person who came back: with a proof, or with what to tell them instead. */
export type CameBack = { readonly proof: Proof } | { readonly fault: string };

interface Begun {
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirect_uri: string;
}

const KEY = 'merkez.oidc';

export async function offered(): Promise<Offer | { readonly fault: string } | null> {
  let answer: Response;
  try {
    answer = await fetch('/api/v1/auth/oidc', {
      headers: { Accept: 'application/json', 'Accept-Language': language() }, signal: AbortSignal.timeout(8_000), cache: 'no-store', credentials: 'omit',
    });
  } catch {
    return null;
  }
  const value = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  if (answer.ok) return typeof value['authorization_endpoint'] === 'string' ? (value as unknown as Offer) : null;
  // Only a house that has such a sign-in says that it does not answer.
  return value['slug'] === 'oidc-unreachable' && typeof value['detail'] === 'string' ? { fault: value['detail'] } : null;
}

/** Send the person to the organisation. What will bind the answer to this tab stays in its sessionStorage. */
export async function leave(offer: Offer, go: (url: string) => void = (url) => { location.assign(url); }): Promise<void> {
  const begun: Begun = { state: secret(), verifier: secret(), nonce: secret(), redirect_uri: location.origin + location.pathname };
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun.verifier))));
  sessionStorage.setItem(KEY, JSON.stringify(begun));
  const url = new URL(offer.authorization_endpoint);
  const asked = {
    response_type: 'code', response_mode: offer.response_mode, client_id: offer.client_id, scope: offer.scope, redirect_uri: begun.redirect_uri,
    state: begun.state, nonce: begun.nonce, code_challenge: challenge, code_challenge_method: 'S256', ui_locales: language(),
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  go(url.href);
}

/**
 * Read what stands behind `#` and wipe it at once, so that no code stays in an address or the history. An answer that this tab
 * did not ask for is dropped: somebody else's would sign this person in as them.
 */
export function cameBack(): CameBack | null {
  const told = new URLSearchParams(location.hash.slice(1));
  const state = told.get('state');
  const code = told.get('code');
  if (state === null || (code === null && told.get('error') === null)) return null;
  history.replaceState(null, '', location.pathname + location.search);
  const begun = begunHere();
  sessionStorage.removeItem(KEY);
  if (begun?.state !== state) return { fault: t(words.organisationAnew) };
  if (code === null) return { fault: t(words.organisationNo) };
  return { proof: { client_id: crypto.randomUUID(), code, verifier: begun.verifier, nonce: begun.nonce, redirect_uri: begun.redirect_uri } };
}

function begunHere(): Begun | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Begun> | null;
    return [value?.state, value?.verifier, value?.nonce, value?.redirect_uri].every((one) => typeof one === 'string') ? (value as Begun) : null;
  } catch {
    return null;
  }
}

function secret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
