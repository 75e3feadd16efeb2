"""What a site may decide about dispatch; read once by the composition root."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.states import Periods


class DispatchSettings(BaseSettings):
    """Waits of the offer ladder and ages of fixes. E3's seven and ten minutes are the standard's and no setting."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_")

    #: Seconds an offer waits for the team's app.
    acknowledge_s: float = Field(default=15, gt=0, le=300)
    #: Seconds an offer waits for a person's yes, from the offer.
    accept_s: float = Field(default=30, gt=0, le=600)
    #: Offers that may stand open at once for one incident; then the desk is alarmed.
    open_offers: int = Field(default=3, ge=1, le=20)
    #: Seconds between two soundings of an alarm that nobody acknowledged.
    alarm_again_s: float = Field(default=30, gt=0, le=600)
    #: Seconds after which a team's fix counts as stale: it ranks last and is marked, never dropped.
    stale_after_s: float = Field(default=300, gt=0, le=86_400)
    #: Seconds after which an incident that nobody goes to and nobody took alarms the desk.
    unowned_after_s: float = Field(default=60, gt=0, le=3_600)

    def periods(self) -> Periods:
        """The rules' form of these."""
        return Periods(
            acknowledge=timedelta(seconds=self.acknowledge_s),
            accept=timedelta(seconds=self.accept_s),
            alarm_again=timedelta(seconds=self.alarm_again_s),
            stale_after=timedelta(seconds=self.stale_after_s),
            unowned_after=timedelta(seconds=self.unowned_after_s),
            open_offers=self.open_offers,
        )
