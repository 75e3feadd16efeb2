"""City cameras and their views; mirrors 0005_kgys.sql."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Real, Small


class Camera(Base):
    """A city camera."""

    __tablename__ = "camera"
    __table_args__ = (
        CheckConstraint("owner IN ('police', 'gendarmerie', 'municipality', 'private')", name="owner_check"),
        CheckConstraint("state IN ('online', 'offline', 'fault', 'maintenance', 'retired')", name="state_check"),
        Index("camera_by_province", "province", "name", "id"),
        {
            "comment": "One camera; where it stands and looks is in camera_sector, because that changes and old footage "
            "must be found by the old view."
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    owner: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'online'"))
    state_at: Mapped[datetime]
    created_at: Mapped[datetime]


class CameraSector(Base):
    """What a camera saw over a time."""

    __tablename__ = "camera_sector"
    __table_args__ = (
        CheckConstraint("bearing_deg >= 0 AND bearing_deg < 360", name="bearing_deg_check"),
        CheckConstraint("(valid_to IS NULL) OR (valid_to > valid_from)", name="check"),
        CheckConstraint("fov_deg > 0 AND fov_deg <= 360", name="fov_deg_check"),
        CheckConstraint("range_m > 0 AND range_m <= 5000", name="range_m_check"),
        Index("camera_sector_of_camera", "camera_id"),
        Index("camera_sector_one_open", "camera_id", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index("camera_sector_view", "sector", postgresql_using="gist"),
        {
            "comment": "A view that held from valid_from until before valid_to (NULL: still). A re-aimed camera ends one "
            "row and begins another."
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    camera_id: Mapped[UUID] = mapped_column(ForeignKey("camera.id", ondelete="CASCADE"))
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    position: Mapped[WKBElement] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    bearing_deg: Mapped[Real]
    fov_deg: Mapped[Real]
    range_m: Mapped[Real]
    sector: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", 4326, spatial_index=False))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
