"""An OpenID provider on loopback with real keys, which a test can make lie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from core.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

CLIENT_ID, CLIENT_SECRET = "haber merkezi", "a secret: with signs"
#: Made once: an RSA key takes a while.
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
SHORT_RSA_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to see it refused
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def jwk_of(key: Any, kid: str) -> dict[str, Any]:
    """The public half as the provider shows it."""
    kinds = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm, ed25519.Ed25519PrivateKey: OKPAlgorithm}
    kind = next(one for base, one in kinds.items() if isinstance(key, base))
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


@dataclass
class Idp:
    """What the provider does; a test changes it."""

    url: str = ""
    now: Callable[[], datetime] = SystemClock().now
    #: Who is signed in at the provider.
    person: str = "nobetci"
    key: Any = RSA_KEY
    alg: str = "RS256"
    kid: str | None = "k1"
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk_of(RSA_KEY, "k1"), jwk_of(EC_KEY, "k2"), jwk_of(ED_KEY, "k3")])
    #: What the next tokens say otherwise; None leaves a claim out.
    claims: dict[str, Any] = field(default_factory=dict)
    #: What the discovery document says otherwise.
    says: dict[str, Any] = field(default_factory=dict)
    #: Makes the ID token in another way.
    forge: Callable[[dict[str, Any]], str] | None = None
    #: Path to what it answers there instead: status and body.
    instead: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    secret: str | None = None
    #: A page of its own to press a button on, as in life, rather than sending people back unseen.
    shows: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def code_for(self, *, verifier: str, nonce: str, redirect_uri: str) -> str:
        """What `/authorize` hands out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return self._code({"code_challenge": challenge, "nonce": nonce, "redirect_uri": redirect_uri})

    def _code(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code

    def document(self) -> dict[str, Any]:
        places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {
            "issuer": self.url,
            **{name: self.url + path for name, path in places.items()},
            "response_modes_supported": ["query", "fragment"],
            **self.says,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the person is sent back to."""
        assert (query["response_type"], query["code_challenge_method"], query["response_mode"]) == ("code", "S256", "fragment")
        assert query["client_id"] == CLIENT_ID
        assert "openid" in query["scope"].split()
        if self.person == "":
            return f"{query['redirect_uri']}#{urlencode({'error': 'access_denied', 'state': query['state']})}"
        return f"{query['redirect_uri']}#{urlencode({'code': self._code(query), 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Give an ID token for a code, once."""
        self.forms.append(form)
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        seconds = int(self.now().timestamp())
        claims = {
            "iss": self.url, "sub": "1000", "aud": CLIENT_ID, "iat": seconds, "exp": seconds + 300, "nonce": asked["nonce"],
            "preferred_username": self.person, "role": "admin", "provinces": list(range(1, 82)), **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {} if self.kid is None else {"kid": self.kid}
        made = self.forge(claims) if self.forge else jwt.encode(claims, self.key, self.alg, headers)
        return 200, {"access_token": "theirs", "token_type": "Bearer", "id_token": made}

    def _is_client(self, form: dict[str, str], authorization: str | None) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT_ID
        if authorization is None:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, self.secret)
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, self.secret)

    def times(self, path: str) -> int:
        """How often a path was asked for."""
        return self.asked.count(path)


@contextmanager
def providing() -> Iterator[Idp]:
    """A provider in a thread of its own."""
    idp = Idp()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            idp.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize" and parts.path not in idp.instead:
                back = idp.authorize(query)
                page = f'<a href="{escape(back)}">Giriş</a>'.encode() if idp.shows else b""
                self.send_response(200 if idp.shows else 302)
                if not idp.shows:
                    self.send_header("Location", back)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)
                return
            known = {"/.well-known/openid-configuration": idp.document(), "/keys": {"keys": idp.keys}}
            self._say(200 if parts.path in known else 404, known.get(parts.path, {}))

        def do_POST(self) -> None:
            idp.asked.append(self.path)
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            if self.path in idp.instead:
                self._say(200, {})
                return
            self._say(*idp.token(form, self.headers.get("Authorization")))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            status, text = idp.instead.get(urlsplit(self.path).path, (status, text))
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", text.decode())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    idp.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
