"""What a site may set of the PTS room."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PtsSettings(BaseSettings):
    """Its own choices where the documents are silent."""

    model_config = SettingsConfigDict(env_prefix="PTS_")

    #: Reads of one plate at one gate this close to each other (seconds) are one passage, so one hit.
    same_hit_window_s: int = Field(default=120, ge=1, le=3_600)
    #: A read older than this (seconds) sends nobody by itself: the vehicle is long elsewhere. The desk sees the hit and decides.
    late_after_s: int = Field(default=300, ge=10, le=86_400)
    #: Reads a gate may send at once.
    reads_per_batch: int = Field(default=500, ge=1, le=2_000)
    #: Bytes of one picture, decoded.
    image_limit: int = Field(default=200_000, ge=1_000, le=1_000_000)

    @property
    def same_hit_window(self) -> timedelta:
        """The window as a span."""
        return timedelta(seconds=self.same_hit_window_s)

    @property
    def late_after(self) -> timedelta:
        """The limit as a span."""
        return timedelta(seconds=self.late_after_s)
