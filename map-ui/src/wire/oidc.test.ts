import { beforeEach, expect, it, vi } from 'vitest';
import { cameBack, leave, offered, type Offer } from './oidc';

const OFFER: Offer = { authorization_endpoint: 'https://kimlik.example/auth?realm=m', client_id: 'merkez', scope: 'openid', response_mode: 'fragment' };

async function left(): Promise<URL> {
  let gone = '';
  await leave(OFFER, (url) => { gone = url; });
  return new URL(gone);
}

beforeEach(() => {
  sessionStorage.clear();
  history.replaceState(null, '', '/team/?x=1');
});

it('sends the person away with a challenge and keeps the verifier here', async () => {
  const url = await left();
  const begun = JSON.parse(sessionStorage.getItem('merkez.oidc') ?? '{}') as Record<string, string>;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun['verifier'])));
  const challenge = btoa(String.fromCharCode(...digest)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

  expect(url.origin + url.pathname).toBe('https://kimlik.example/auth');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    realm: 'm', response_type: 'code', response_mode: 'fragment', code_challenge: challenge, code_challenge_method: 'S256',
    state: begun['state'], nonce: begun['nonce'], redirect_uri: `${location.origin}/team/`,
  });
  expect(url.href).not.toContain(begun['verifier']);
  expect(begun['verifier']).toHaveLength(43);
});

it('takes the answer it asked for once, and leaves no code in the address', async () => {
  const state = (await left()).searchParams.get('state') ?? '';
  location.hash = `#code=abc&state=${state}`;

  const back = cameBack();

  expect(back).toMatchObject({ proof: { code: 'abc', redirect_uri: `${location.origin}/team/` } });
  expect(location.href).toBe(`${location.origin}/team/?x=1`);
  location.hash = `#code=abc&state=${state}`;
  expect(cameBack()).toHaveProperty('fault');
});

it('drops an answer that another tab or somebody else asked for', async () => {
  await left();
  location.hash = '#code=abc&state=of-somebody-else';

  expect(cameBack()).toHaveProperty('fault');
  expect(location.hash).toBe('');
});

it('says so when the organisation said no', async () => {
  const state = (await left()).searchParams.get('state') ?? '';
  location.hash = `#error=access_denied&state=${state}`;

  expect(cameBack()).toEqual({ fault: 'Kurumunuz girişi onaylamadı.' });
});

it('leaves other fragments alone', () => {
  location.hash = '#elsewhere';

  expect(cameBack()).toBeNull();
  expect(location.hash).toBe('#elsewhere');
});

it.each([
  [404, { slug: 'not-found', detail: 'x' }, null],
  [503, { slug: 'not-ready', detail: 'x' }, null],
  [503, { slug: 'oidc-unreachable', detail: 'down' }, { fault: 'down' }],
  [200, {}, null],
  [200, OFFER, OFFER],
])('offers what the server says (%i)', async (status, body, expected) => {
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(JSON.stringify(body), { status }))));
  await expect(offered()).resolves.toEqual(expected);
  vi.unstubAllGlobals();
});
