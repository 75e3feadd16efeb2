"""Cameras and their views. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from geo.point import Point


class CameraState(StrEnum):
    """Whether a camera can be looked through."""

    ONLINE = "online"
    OFFLINE = "offline"  #: Not reachable.
    FAULT = "fault"  #: Reachable, its picture is of no use.
    MAINTENANCE = "maintenance"  #: Taken out on purpose for a while.
    RETIRED = "retired"  #: Gone for good; its old views are still found by their time.


class Owner(StrEnum):
    """Whose camera it is: the owner answers for its footage."""

    POLICE = "police"
    GENDARMERIE = "gendarmerie"
    MUNICIPALITY = "municipality"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where a camera stands and what it looks over."""

    point: Point
    bearing_deg: float  #: Middle of the view, degrees clockwise from true north, 0 <= bearing < 360.
    fov_deg: float  #: Whole opening, 0 < fov <= 360.
    range_m: float  #: How far a person can still be made out, metres.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A view and when it held."""

    id: UUID
    camera_id: UUID
    view: View
    valid_from: datetime
    valid_to: datetime | None  #: None: it still holds.

    def held_at(self, at: datetime) -> bool:
        """Whether this was the camera's view at `at`; the end belongs to the next view."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)
