"""Provinces and districts; mirrors 0002_geo.sql."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Codes, Small


class Province(Base):
    """A province (il)."""

    __tablename__ = "province"
    __table_args__ = (
        CheckConstraint("code >= 1 AND code <= 81", name="code_check"),
        Index("province_geom", "geom", postgresql_using="gist"),
        {"comment": "The 81 provinces (il) by plate code; see docs/data-geo.md."},
    )

    code: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(unique=True)
    neighbours: Mapped[Codes] = mapped_column(comment="Codes of those who share a stretch of border with it.")
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False))


class District(Base):
    """A district (ilçe)."""

    __tablename__ = "district"
    __table_args__ = (
        CheckConstraint("(id / 1000) = province", name="check"),
        UniqueConstraint("province", "name"),
        Index("district_geom", "geom", postgresql_using="gist"),
        {"comment": "The 973 districts (ilçe); id is the OCHA COD-AB number, province * 1000 + number within it."},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    name: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False))
