"""What the composition root hands to this room."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from fastapi import FastAPI, Request

from core.identity import Identity
from geo.point import TURKIYE, Area, Point
from kades.codes import Codes
from kades.sms import SmsPort


@dataclass(frozen=True, slots=True, kw_only=True)
class Kades:
    """One process's KADES; on `app.state.kades`."""

    identity: Identity
    sms: SmsPort
    codes: Codes
    province_of: Callable[[Point], int | None]  #: From the process's PlaceIndex: a press must not wait for a second query.
    default_province: int  #: Where a press rings when nothing better is known.
    area: Area = TURKIYE
    #: Seconds a province holds offers back so that its desk can look first; none by default (E9).
    hold_back_s: Mapping[int, float] = field(default_factory=dict)


def kades_of(where: Request | FastAPI) -> Kades:
    """Return what the composition root built."""
    app = cast("FastAPI", where.app) if isinstance(where, Request) else where
    return cast("Kades", app.state.kades)
