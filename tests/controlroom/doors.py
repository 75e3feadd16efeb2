"""Who may use which door, written down from contract.md ("Who may what") and from nowhere in the code: the test compares the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from core.clock import SystemClock
from tests.live import HERE, LAT, LON, Live, fix

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY: frozenset[str] = frozenset()
OPERATOR, DISPATCHER, SUPERVISOR = frozenset({"operator"}), frozenset({"dispatcher"}), frozenset({"supervisor"})
TEAM, ADMIN, AUDITOR = frozenset({"team"}), frozenset({"admin"}), frozenset({"auditor"})
KADES, CAMERA, GATE, GATEWAY = frozenset({"kades"}), frozenset({"camera"}), frozenset({"gate"}), frozenset({"gateway"})
DESK = OPERATOR | DISPATCHER | SUPERVISOR
SENDS = DISPATCHER | SUPERVISOR
EVERYBODY = DESK | TEAM | ADMIN | AUDITOR | KADES | CAMERA | GATE | GATEWAY | {"judicial"}

#: Doors that ask for no token; what they do is proved where they are built.
PUBLIC = {
    ("POST", "/api/v1/token"),
    ("POST", "/api/v1/token/refresh"),
    ("GET", "/api/v1/auth/oidc"),
    ("POST", "/api/v1/auth/oidc"),
    ("POST", "/api/v1/kades/registrations"),
    ("POST", "/api/v1/kades/registrations/{registration_id}/verify"),
    ("GET", "/api/v1/config"),
}

Body = dict[str, Any] | None


@dataclass(frozen=True)
class Door:
    """One route."""

    method: str
    path: str
    may: frozenset[str]
    #: A body (or query, for GET) that the route takes.
    sends: Callable[[World], dict[str, Any]] = field(default=lambda _world: {})
    #: The id in the path is not another province's or device's business: it is unknown to everybody but its owner's office.
    ids: bool = True


@dataclass
class World:
    """What stands behind the ids."""

    live: Live
    ids: dict[str, str]

    def path(self, door: Door, **other: str) -> str:
        """The door's path with real ids, or with `other` ones."""
        return door.path.format(**{**self.ids, **other})

    def ask(self, door: Door, token: str | None, **other: str) -> Any:
        """Use a door with a body that is right."""
        sent = door.sends(self)
        if door.method == "GET":
            return self.live.call("GET", self.path(door, **other), token, params=sent)
        # A fresh client_id each time: the same one would give the first answer again.
        body = sent if "positions" in sent or "reads" in sent else {"client_id": str(uuid4()), **sent}
        return self.live.call(door.method, self.path(door, **other), token, json=body)


def _view(_: World) -> dict[str, Any]:
    return {"view": {"lon": LON, "lat": LAT, "bearing_deg": 10, "fov_deg": 60, "range_m": 100}}


def _press(_: World) -> dict[str, Any]:
    return {"pressed_at": SystemClock().now().isoformat(), "position": fix(), "trigger": "button"}


def _reads(_: World) -> dict[str, Any]:
    read = {"client_id": str(uuid4()), "plate": "34 ABC 123", "confidence": 0.9, "read_at": SystemClock().now().isoformat()}
    return {"reads": [read]}


def _entry(_: World) -> dict[str, Any]:
    return {"plate": "34 ABC 124", "category": "stolen", "authority": "Deneme", "document": "D-1"}


def _account(world: World) -> dict[str, Any]:
    world.ids["serial"] = str(int(world.ids.get("serial", "0")) + 1)
    return {
        "username": f"new-{world.ids['serial']}", "name": "Yeni", "role": "operator", "provinces": [HERE], "password": "a long enough word",
    }  # fmt: skip


def _device(world: World) -> dict[str, Any]:
    return {"kind": "camera", "name": "Kamera", "provinces": [HERE], "subject_id": world.ids["camera_id"]}


def _team(world: World) -> dict[str, Any]:
    world.ids["serial"] = str(int(world.ids.get("serial", "0")) + 1)
    return {"code": f"Y-{world.ids['serial']}", "province": HERE}


def _gate(_: World) -> dict[str, Any]:
    return {"name": "Kapı", "lon": LON, "lat": LAT}


def _positions(world: World) -> dict[str, Any]:
    return {"positions": [{"team_id": world.ids["team_id"], **fix()}]}


def _order(_: World) -> dict[str, Any]:
    return {"authority": "Deneme", "document": "D-2", "valid_from": "2026-01-01"}


def says(**sent: Any) -> Callable[[World], dict[str, Any]]:
    """The same body for everybody."""
    return lambda _world: dict(sent)


def of_incident(world: World) -> dict[str, Any]:
    """A query by incident."""
    return {"incident_id": world.ids["incident_id"]}


DOORS = (
    Door("POST", "/api/v1/token/revoke", EVERYBODY),
    Door("GET", "/api/v1/me", EVERYBODY),
    # admin: accounts and settings, no case data
    Door("POST", "/api/v1/accounts", ADMIN, _account),
    Door("GET", "/api/v1/accounts", ADMIN),
    Door("POST", "/api/v1/accounts/{account_id}/disable", ADMIN),
    Door("POST", "/api/v1/accounts/{account_id}/revoke-sessions", ADMIN),
    Door("POST", "/api/v1/accounts/{account_id}/password", ADMIN, says(password="another long word")),
    Door("POST", "/api/v1/devices", ADMIN, _device),
    Door("GET", "/api/v1/devices", ADMIN),
    Door("POST", "/api/v1/devices/{device_id}/revoke", ADMIN),
    Door("POST", "/api/v1/teams", ADMIN, _team),
    Door("POST", "/api/v1/kgys/cameras", ADMIN, lambda world: {"name": "Kamera", **_view(world)}),
    Door("POST", "/api/v1/kgys/cameras/{camera_id}/views", ADMIN, _view),
    Door("POST", "/api/v1/kgys/cameras/{camera_id}/state", ADMIN, says(state="maintenance")),
    Door("POST", "/api/v1/pts/gates", ADMIN, _gate),
    # auditor: audit, certificates, viewing log, nothing else
    Door("GET", "/api/v1/audit", AUDITOR),
    Door("GET", "/api/v1/viewings", AUDITOR),
    # the sweep
    Door("GET", "/api/v1/retention/sweeps", AUDITOR | ADMIN | SUPERVISOR),
    Door("POST", "/api/v1/retention/sweeps", ADMIN),
    Door("POST", "/api/v1/retention/sweeps/{sweep_id}/resume", SUPERVISOR, says(reason="saat doğru"), ids=False),
    # incidents
    Door("GET", "/api/v1/incidents", DESK),
    Door("POST", "/api/v1/incidents", SENDS, says(kind="kavga", position={"lon": LON, "lat": LAT}, automatic=False)),
    Door("GET", "/api/v1/incidents/{incident_id}", DESK),
    Door("GET", "/api/v1/incidents/{incident_id}/candidates", DESK),
    Door("GET", "/api/v1/incidents/{incident_id}/history", DESK),
    Door("POST", "/api/v1/incidents/{incident_id}/take", SENDS),
    Door("POST", "/api/v1/incidents/{incident_id}/hand-over", SENDS, says(note="vardiya")),
    Door("GET", "/api/v1/desk/colleagues", SENDS),
    Door("POST", "/api/v1/incidents/{incident_id}/notes", SENDS, says(note="arandı")),
    Door("POST", "/api/v1/incidents/{incident_id}/dispatches", SENDS),
    Door("POST", "/api/v1/incidents/{incident_id}/reinforce", SENDS, says(teams=1)),
    Door("POST", "/api/v1/incidents/{incident_id}/re-route", SENDS, says(place_text="köşe")),
    Door("POST", "/api/v1/incidents/{incident_id}/merge", SENDS, lambda world: {"into": world.ids["hit_incident_id"]}),
    Door("POST", "/api/v1/incidents/{incident_id}/close", SENDS, says(outcome="resolved")),
    # dispatches
    Door("GET", "/api/v1/dispatches/mine", TEAM),
    Door("GET", "/api/v1/dispatches/{dispatch_id}", TEAM | DESK),
    Door("GET", "/api/v1/dispatches/{dispatch_id}/vehicle", TEAM | DESK),
    Door("GET", "/api/v1/dispatches/{dispatch_id}/address", TEAM | SENDS),
    Door("POST", "/api/v1/dispatches/{dispatch_id}/status", TEAM | SENDS, says(state="en_route", by="radio")),
    Door("POST", "/api/v1/dispatches/{dispatch_id}/withdraw", SENDS),
    # teams
    Door("GET", "/api/v1/teams", DESK),
    Door("POST", "/api/v1/teams/positions", TEAM | GATEWAY, _positions),
    Door("POST", "/api/v1/teams/panic", TEAM),
    Door("POST", "/api/v1/teams/{team_id}/roster", TEAM | SENDS, says(state="available")),
    Door("GET", "/api/v1/alarms", DESK),
    Door("POST", "/api/v1/alarms/{alarm_id}/ack", SENDS),
    # KADES
    Door("POST", "/api/v1/kades/alerts", KADES | GATEWAY, _press),
    Door("GET", "/api/v1/kades/alerts", DESK, of_incident),
    Door("GET", "/api/v1/kades/trail", DESK, of_incident),
    Door("GET", "/api/v1/kades/alerts/{alert_id}", KADES),
    Door("POST", "/api/v1/kades/alerts/{alert_id}/positions", KADES, lambda _world: {"position": fix()}),
    Door("POST", "/api/v1/kades/alerts/{alert_id}/cancel", KADES, says(code="0000")),
    Door("POST", "/api/v1/kades/alerts/{alert_id}/evaluation", OPERATOR | SUPERVISOR, says(verdict="genuine", note="")),
    Door("POST", "/api/v1/kades/callers/{caller_id}/protection-orders", SUPERVISOR, _order),
    Door("POST", "/api/v1/kades/callers/{caller_id}/identity", SUPERVISOR, says(reason="kimlik teyidi")),
    Door("POST", "/api/v1/kades/devices/{kades_device_id}/revoke", SUPERVISOR, says(reason="kayıp telefon")),
    # PTS
    Door("POST", "/api/v1/pts/reads", GATE, _reads),
    Door("GET", "/api/v1/pts/gates", DESK | ADMIN),
    Door("GET", "/api/v1/pts/hits", DESK),
    Door("GET", "/api/v1/pts/hits/{hit_id}", DESK),
    Door("GET", "/api/v1/pts/hits/{hit_id}/image", DESK),
    Door("POST", "/api/v1/pts/hits/{hit_id}/verdict", OPERATOR | SUPERVISOR, says(verdict="confirmed")),
    Door("POST", "/api/v1/pts/hits/{hit_id}/outcome", OPERATOR | SUPERVISOR, says(outcome="vehicle_taken")),
    Door("POST", "/api/v1/pts/hotlist", SUPERVISOR, _entry),
    Door("GET", "/api/v1/pts/hotlist", SUPERVISOR),
    Door("POST", "/api/v1/pts/hotlist/search", SUPERVISOR, says(plate="34 ABC 124", reason="kontrol")),
    Door("POST", "/api/v1/pts/hotlist/{entry_id}/end", SUPERVISOR, says(reason="bulundu")),
    # KGYS
    Door("GET", "/api/v1/kgys/cameras", DESK | ADMIN),
    Door("GET", "/api/v1/kgys/cameras/near", DESK, says(lon=LON, lat=LAT)),
    Door("GET", "/api/v1/kgys/cameras/{camera_id}", DESK | ADMIN),
)
#: Path parameters that the code spells otherwise than our table of ids.
SPELT = {"/api/v1/kades/devices/{kades_device_id}/revoke": "/api/v1/kades/devices/{device_id}/revoke"}

#: Sockets: who is let in, and which frames may be said there (hello aside).
SOCKETS: dict[str, frozenset[str]] = {"/ws/team": TEAM, "/ws/operator": DESK, "/ws/kades": KADES}
SAID: dict[str, frozenset[str]] = {
    "/ws/team": frozenset({"ping", "renew", "shown", "ack", "dispatch.status", "position"}),
    "/ws/operator": frozenset({"ping", "renew", "shown", "viewport"}),
    "/ws/kades": frozenset({"ping", "renew", "shown"}),
}
