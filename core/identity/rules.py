"""Who is who, when a source is locked out, and what a refresh token may still do. Pure (issue 2, Core: Identity; law 10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID


class Role(StrEnum):
    """Who may what (contract.md); a device's kind is its role."""

    OPERATOR = "operator"  #: Sees the map of their provinces, evaluates alerts, compares hits.
    DISPATCHER = "dispatcher"  #: Opens, takes, dispatches, closes.
    SUPERVISOR = "supervisor"  #: Both of the above, hotlists, holds, releases with a second one.
    TEAM = "team"  #: Own offers, own positions, the address it is assigned to.
    JUDICIAL = "judicial"  #: Court or prosecutor: holds, permissions, exports.
    AUDITOR = "auditor"  #: Audit, certificates, viewing log; no case data.
    ADMIN = "admin"  #: Accounts and settings; no case data.
    KADES = "kades"  #: A caller's phone; its token never lapses.
    CAMERA = "camera"  #: Hands in frames.
    GATE = "gate"  #: Hands in plate reads.
    GATEWAY = "gateway"  #: SMS and vehicle positions.


ACCOUNT_ROLES = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.TEAM, Role.JUDICIAL, Role.AUDITOR, Role.ADMIN)
DEVICE_ROLES = (Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY)
#: Their provinces rule what they may audit or manage; the database shows them no case row.
OFFICE_ROLES = (Role.AUDITOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a token belongs to."""

    kind: Literal["account", "device"]
    id: UUID  #: The account's or the device's.
    session_id: UUID  #: The refresh family; for a device its own id.
    role: Role
    provinces: frozenset[int]
    team_id: UUID | None  #: Of role `team` only.
    subject_id: UUID | None  #: What a device stands for: a registration, a camera, a gate.
    name: str
    expires_at: datetime | None  #: None for a device: its token does not lapse with time.
    revoked: bool = False  #: Only ever true for a KADES phone: its press still rings (law 1), every other door refuses it.

    @property
    def scope(self) -> frozenset[int]:
        """Provinces whose case data this caller may see."""
        return frozenset() if self.role in OFFICE_ROLES else self.provinces


def may_manage(office: Iterable[int], provinces: Iterable[int]) -> bool:
    """Whether an admin of `office` may make or end something that belongs to `provinces`: all of them must be the admin's own."""
    wanted = frozenset(provinces)
    return bool(wanted) and wanted <= frozenset(office)


# --- names and sources -------------------------------------------------------------------------------------------------------

#: What a canonical user name looks like (the database checks the same).
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
#: User names are plain ASCII; a capital typed on a Turkish keyboard must still find its account.
_TURKISH_I = str.maketrans({"İ": "i", "ı": "i"})
_IPV6_NETWORK_BITS = 64
_VERSION = re.compile(r"[\d._]+")


def canonical_username(typed: str) -> str:
    """Return the form accounts are kept under: trimmed, lower case, both Turkish i's made one."""
    return typed.strip().translate(_TURKISH_I).lower()


def canonical_source(address: str | None) -> str:
    """Return the network a caller counts as: an IPv4 address, an IPv6 /64 (one subscriber owns all of it), or "local"."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "local"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        host_bits = parsed.max_prefixlen - _IPV6_NETWORK_BITS
        return f"{IPv6Address(int(parsed) >> host_bits << host_bits)}/{_IPV6_NETWORK_BITS}"
    return str(parsed)


def device_label(device: str | None, user_agent: str | None) -> str:
    """Return what a refresh family is bound to: the id the client sent, else its browser without version numbers.

    A browser that updates itself in the middle of a shift must not look like another device.
    """
    if device:
        return f"id:{device}"
    return f"ua:{_VERSION.sub('', user_agent or '')}"


# --- lock-out ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tries:
    """Failed sign-ins of one key (account and source, or source alone)."""

    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LockOut:
    """How many failures lock a key, and for how long."""

    allowed: int  #: The failure with this number locks.
    window: timedelta  #: Quiet for this long after the lock: forgotten.
    first: timedelta  #: The first lock; each further failure doubles it.
    longest: timedelta

    def locked_for(self, failures: int) -> timedelta:
        """Return how long this many failures lock."""
        if failures < self.allowed:
            return timedelta()
        doublings = min(failures - self.allowed, 32)
        return min(self.first * 2**doublings, self.longest)

    def locked_until(self, tries: Tries | None, now: datetime) -> datetime | None:
        """Return when the key opens again, None when it is open."""
        if tries is None:
            return None
        until = tries.last_at + self.locked_for(tries.failures)
        return until if until > now else None

    def forgotten(self, tries: Tries, now: datetime) -> bool:
        """Whether these failures are so old that the next one counts as the first."""
        return now >= tries.last_at + self.locked_for(tries.failures) + self.window

    def counted(self, tries: Tries | None, now: datetime) -> Tries:
        """Return the tries with one more failure at `now`."""
        if tries is None or self.forgotten(tries, now):
            return Tries(1, now)
        return Tries(tries.failures + 1, max(now, tries.last_at))


#: Account and source: five wrong passwords within a quarter of an hour.
PAIR = LockOut(allowed=5, window=timedelta(minutes=15), first=timedelta(minutes=1), longest=timedelta(hours=1))
#: One source over all accounts. It never binds a pair that has signed in before: a station shares one address.
SOURCE = LockOut(allowed=50, window=timedelta(minutes=15), first=timedelta(minutes=1), longest=timedelta(minutes=15))


# --- refresh families --------------------------------------------------------------------------------------------------------

#: An answer lost on the way is asked for again within this time.
SAME_SUCCESSOR_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a presented refresh token."""

    used_at: datetime | None
    token_expires_at: datetime
    family_expires_at: datetime
    ended: bool
    disabled: bool
    same_device: bool


class Refresh(StrEnum):
    """What a presented refresh token gets."""

    ROTATE = "rotate"  #: First use: a successor is made.
    REPEAT = "repeat"  #: Again within a minute from the same device: the same successor.
    LAPSED = "lapsed"  #: Too old, or its family is over: sign in again.
    END_REUSE = "reuse"  #: Used before: somebody copied it, the family ends.
    END_OTHER_DEVICE = "other_device"  #: It left the device it was given to: the family ends.


def refresh_verdict(family: Family, now: datetime) -> Refresh:
    """Decide about a refresh token that was issued once (contract.md, Who may what)."""
    if family.ended or family.disabled or now >= family.family_expires_at:
        return Refresh.LAPSED
    if not family.same_device:
        return Refresh.END_OTHER_DEVICE
    if family.used_at is not None:
        return Refresh.REPEAT if now < family.used_at + SAME_SUCCESSOR_WITHIN else Refresh.END_REUSE
    return Refresh.LAPSED if now >= family.token_expires_at else Refresh.ROTATE


# --- an organisation's ID token ----------------------------------------------------------------------------------------------

#: Signatures that only the organisation can make. Never `none`, never a shared secret: with HS256 its public key would be one.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
#: How far two clocks may lie apart.
LEEWAY = timedelta(seconds=60)
#: The year 9999.
_LATEST_S = 253_402_300_800
#: A lost answer of a sign-in is given again within this time; afterwards the page sends its person there once more.
SAME_SIGN_IN_WITHIN = timedelta(seconds=60)


def id_token_fault(claims: Mapping[str, object], *, issuer: str, client_id: str, nonce: str, now: datetime) -> str | None:
    """Return the first claim that does not hold (OpenID Connect Core 3.1.3.7), None for a token meant for us, now, and this page."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    party = claims.get("azp")
    told = claims.get("nonce")
    checks = {
        "iss": claims.get("iss") == issuer,
        "aud": client_id in audiences,
        "azp": party == client_id or (party is None and len(audiences) == 1),
        "sub": bool(claims.get("sub")),
        "nonce": isinstance(told, str) and compare_digest(told.encode("utf-8", "surrogatepass"), nonce.encode("utf-8", "surrogatepass")),
        "exp": (ends := _seconds(claims.get("exp"))) is not None and now.timestamp() < ends + LEEWAY.total_seconds(),
        "iat": (made := _seconds(claims.get("iat"))) is not None and made <= now.timestamp() + LEEWAY.total_seconds(),
        "nbf": "nbf" not in claims
        or ((begins := _seconds(claims["nbf"])) is not None and begins <= now.timestamp() + LEEWAY.total_seconds()),
    }
    return next((name for name, holds in checks.items() if not holds), None)


def vouched_username(claims: Mapping[str, object], claim: str) -> str | None:
    """Return the account name a token vouches for, None when it names none of ours.

    Unlike a name somebody types, a Turkish i is not made a plain one: the organisation may know two people apart by it.
    """
    told = claims.get(claim)
    if not isinstance(told, str) or not told.isascii() or not USERNAME.fullmatch(told.lower()):
        return None
    if claim == "email" and claims.get("email_verified") is not True:
        return None
    return told.lower()


def _seconds(value: object) -> float | None:
    """Return a NumericDate (RFC 7519); True is no number, and neither is NaN or what no clock will show."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _LATEST_S:
        return None
    return float(value)
