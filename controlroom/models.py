"""Every room's tables in one place: what Alembic compares a database with (decision 0001)."""

from __future__ import annotations

import core.audit.models
import core.identity.models
import core.models
import dispatch.models
import geo.models
import kades.models
import kgys.models
import pts.models
import retention.models

ROOMS = (
    core.models,
    core.identity.models,
    core.audit.models,
    geo.models,
    dispatch.models,
    kades.models,
    kgys.models,
    pts.models,
    retention.models,
)

#: All of them share the base's; importing a room's module is what puts its tables in.
METADATA = core.models.Base.metadata
