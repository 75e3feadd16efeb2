"""Who is who: principals and roles, sign-in, refresh families, devices, revocation (issue 2, Core: Identity; law 10).

Other rooms need: `Principal`, `Role`, `authenticate`; `names_of` for shown names; `colleagues_of`, whom work can be handed to;
`Identity.issue_device` (in `app.state.identity`; in a route `core.identity.api.identity_of(request)`) and `revoke_device` for
phones, cameras, gates.
"""

from core.identity.rules import ACCOUNT_ROLES, DEVICE_ROLES, OFFICE_ROLES, Principal, Role
from core.identity.service import (
    Identity,
    Issued,
    authenticate,
    colleagues_of,
    cut_sessions,
    names_of,
    revoke_device,
    revoked_since,
    still_good,
)
from core.identity.settings import IdentitySettings, PasswordSettings

__all__ = [
    "ACCOUNT_ROLES",
    "DEVICE_ROLES",
    "OFFICE_ROLES",
    "Identity",
    "IdentitySettings",
    "Issued",
    "PasswordSettings",
    "Principal",
    "Role",
    "authenticate",
    "colleagues_of",
    "cut_sessions",
    "names_of",
    "revoke_device",
    "revoked_since",
    "still_good",
]
