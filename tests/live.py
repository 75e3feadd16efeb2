"""A real server process on a real database, with an account or a device of every role: for tests that stand outside the house.

from tests.live import live  # noqa: F401 - a fixture

def test_x(live: Live) -> None:
    answer = live.get("/api/v1/incidents", live.token["dispatcher"])
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from pydantic import SecretBytes

from controlroom.server import Server, listen_at
from core.clock import SystemClock
from core.db import EVERY, Database
from core.identity import Identity, IdentitySettings, PasswordSettings, Role, admin
from core.keys import secret_file
from tests.conftest import clone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HERE, THERE = 26, 43
#: argon2 as cheap as it goes: what is tested here is not how slow a password is checked.
CHEAP = {"time_cost": 1, "memory_kib": 8, "parallelism": 1}
PASSWORD = "a password of the tests"
#: Eskişehir, and a place next to it.
LON, LAT = 30.5206, 39.7767

#: Accounts of the fixture: key, role, provinces.
ACCOUNTS: tuple[tuple[str, Role, frozenset[int]], ...] = (
    ("operator", Role.OPERATOR, frozenset({HERE})),
    ("dispatcher", Role.DISPATCHER, frozenset({HERE})),
    ("supervisor", Role.SUPERVISOR, frozenset({HERE})),
    ("supervisor2", Role.SUPERVISOR, frozenset({HERE})),
    ("judicial", Role.JUDICIAL, frozenset({HERE})),
    ("auditor", Role.AUDITOR, EVERY),
    ("admin", Role.ADMIN, EVERY),
    ("other_admin", Role.ADMIN, frozenset({THERE})),
    ("other_auditor", Role.AUDITOR, frozenset({THERE})),
    ("victim", Role.OPERATOR, frozenset({HERE})),
    ("other_operator", Role.OPERATOR, frozenset({THERE})),
    ("other_dispatcher", Role.DISPATCHER, frozenset({THERE})),
    ("other_supervisor", Role.SUPERVISOR, frozenset({THERE})),
)


@dataclass
class Live:
    """A house with somebody of every role in it."""

    base_url: str
    url: str  #: libpq, the database's owner.
    server: Server
    identity: IdentitySettings  #: With this house's key, for what is done past the server.
    #: By key of ACCOUNTS, and team, other_team, far_team, kades, other_kades, camera, gate, gateway.
    token: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  #: team, other_team, camera, gate, account, device.
    accounts: dict[str, UUID] = field(default_factory=dict)

    def call(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        """Ask, with a token or without."""
        headers = {"Accept-Language": "en", **more.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self._http.request(method, path, headers=headers, **more)

    def get(self, path: str, token: str | None = None, **query: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, token, params=query)

    def post(self, path: str, token: str | None = None, **body: Any) -> httpx.Response:
        """POST a write with a fresh `client_id`."""
        return self.call("POST", path, token, json={"client_id": str(uuid4()), **body})

    def made(self, path: str, token: str | None = None, **body: Any) -> dict[str, Any]:
        """POST and insist on a yes."""
        answer = self.post(path, token, **body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def socket_url(self, path: str) -> str:
        """Where a socket is."""
        return self.base_url.replace("http", "ws", 1) + path

    @property
    def _http(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(base_url=self.base_url, timeout=20, trust_env=False)
        return self._client

    _client: httpx.Client | None = None

    def close(self) -> None:
        """Let the connections go."""
        if self._client is not None:
            self._client.close()


@contextmanager
def live_house(
    url: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    module: str = "controlroom.serve",
    words: Sequence[str] = (),
    people: bool = True,
) -> Iterator[Live]:
    """Start a server on `url` with its state under `folder`, and people it."""
    identity = _identity(folder)
    accounts = asyncio.run(_accounts(url, identity)) if people else {}
    given = environment_of(url, folder, environment)
    with listen_at("127.0.0.1", 0) as sock:
        server = Server(module, sock, given, folder / "server.jsonl", words)
        try:
            server.start()
            server.await_ready()
            live = Live(server.base_url, url, server, identity, accounts=accounts)
            try:
                if people:
                    _people(live, folder)
                yield live
            finally:
                live.close()
        finally:
            server.stop()


def environment_of(url: str, folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a server of the tests is told."""
    return {
        "DATABASE_URL": api_url(url), "STATE_DIR": str(folder), "SMS_URL": f"file://{folder}/sms", "DEFAULT_PROVINCE": str(HERE),
        "MERKEZ_LANG": "en", **{f"IDENTITY_PASSWORDS__{name.upper()}": str(value) for name, value in CHEAP.items()}, **(more or {}),
    }  # fmt: skip


@pytest.fixture
def live(fresh_url: str, tmp_path: Path) -> Iterator[Live]:
    """A real server with somebody of every role."""
    with live_house(fresh_url, tmp_path) as house:
        yield house


@pytest.fixture(scope="module")
def shared_live(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server for a whole file, for tests that do not get in each other's way."""
    with clone_of(server, template) as url, live_house(url, tmp_path_factory.mktemp("house")) as house:
        yield house


def api_url(url: str) -> str:
    """The same database as the API's own login, where the private cluster lets us be it: grants are tested as they are in service."""
    head, _, rest = url.partition("://")
    return url if "host=" not in rest else f"{head}://merkez_api@{rest.partition('@')[2]}"


def _identity(folder: Path) -> IdentitySettings:
    key = SecretBytes(secret_file(folder / "keys" / "token.key"))
    return IdentitySettings(token_key=key, passwords=PasswordSettings(**CHEAP))


async def _accounts(url: str, settings: IdentitySettings) -> dict[str, UUID]:
    db, identity, now = Database(url), Identity(settings), SystemClock().now()
    try:
        async with db.tx() as tx:
            return {
                key: (await admin.create(
                    tx, identity, username=key.replace("_", "-"), name=key, role=role, provinces=provinces, now=now, password=PASSWORD
                )).account_id
                for key, role, provinces in ACCOUNTS
            }  # fmt: skip
    finally:
        identity.close()
        await db.dispose()


def _people(live: Live, folder: Path) -> None:
    for key, *_ in ACCOUNTS:
        live.token[key] = sign_in(live, key.replace("_", "-"))
    chief = live.token["admin"]
    _teams(live, chief)
    view = {"lon": LON, "lat": LAT, "bearing_deg": 90, "fov_deg": 60, "range_m": 100}
    live.ids["camera"] = live.made("/api/v1/kgys/cameras", chief, name="Kamera 1", view=view)["id"]
    gate = live.made("/api/v1/pts/gates", chief, name="Kapı 1", lon=LON, lat=LAT, bearing_deg=0)
    live.ids["gate"], live.token["gate"] = gate["id"], gate["token"]
    for kind, subject in (("camera", live.ids["camera"]), ("gateway", None)):
        made = live.made("/api/v1/devices", chief, kind=kind, name=kind, provinces=[HERE], subject_id=subject)
        live.token[kind], live.ids[f"{kind}_device"] = made["token"], made["id"]
    for key, number in (("kades", 1), ("other_kades", 2)):
        live.token[key] = register(live, folder, number)


def _teams(live: Live, chief: str) -> None:
    for key, province in (("team", HERE), ("other_team", HERE), ("far_team", THERE)):
        made = live.made("/api/v1/teams", chief, code=key, kind="patrol", force="police", province=province)
        live.ids[key] = made["team_id"]
        live.made(
            "/api/v1/accounts", chief, username=key.replace("_", "-"), name=key, role="team", provinces=[province], password=PASSWORD,
            team_id=made["team_id"],
        )  # fmt: skip
        live.token[key] = sign_in(live, key.replace("_", "-"))
        live.made(f"/api/v1/teams/{made['team_id']}/roster", live.token[key], state="available")


def sign_in(live: Live, username: str) -> str:
    """Sign in with the tests' password; return the access token."""
    answer = live.call("POST", "/api/v1/token", data={"username": username, "password": PASSWORD, "device": "tests"})
    assert answer.is_success, answer.text
    return str(answer.json()["access_token"])


def register(live: Live, folder: Path, number: int) -> str:
    """Register a phone; its code is read from the spool folder, as a modem would."""
    begun = live.made(
        "/api/v1/kades/registrations", tc_no=tc_no(number), phone=f"+90532{4_000_000 + number}", safe_channel="sms", province=HERE,
        protected_address="Deneme adresi", position=fix(),
    )  # fmt: skip
    code = _code_of(folder, f"+90532{4_000_000 + number}")
    return str(live.made(f"/api/v1/kades/registrations/{begun['registration_id']}/verify", code=code)["device_token"])


def _code_of(folder: Path, phone: str) -> str:

    for file in (folder / "sms").glob("*.json"):
        message = json.loads(file.read_text(encoding="utf-8"))
        if message["to"] == phone:
            return re.search(r"\d{6}", message["text"])[0]  # pyright: ignore[reportOptionalSubscript]
    message = f"no code was sent to number {phone[-1]}"
    raise AssertionError(message)


def tc_no(number: int) -> str:
    """Eleven digits with right check digits, made from a small number."""
    digits = [int(one) for one in f"1{number:08d}"]
    tenth = (sum(digits[0::2]) * 7 - sum(digits[1::2])) % 10
    return "".join(map(str, [*digits, tenth, (sum(digits) + tenth) % 10]))


def fix(lon: float = LON, lat: float = LAT, accuracy_m: float = 10.0) -> dict[str, Any]:
    """A position as it travels, fixed now."""
    return {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "fixed_at": SystemClock().now().isoformat()}


def execute(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Run one statement as the database's owner."""
    with psycopg.connect(url) as conn:
        cursor = conn.execute(sql, params)  # pyright: ignore[reportArgumentType]
        return cursor.fetchall() if cursor.description else []


__all__ = [
    "Live", "api_url", "clone_of", "environment_of", "execute", "fix", "live", "live_house", "register", "shared_live", "sign_in",
    "tc_no",
]  # fmt: skip
