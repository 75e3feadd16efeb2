"""Settings per concern, read from the environment once, here, and passed down (architecture: "the one composition root").

Every variable is documented in docs/settings.md; a test fails when one is missing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from controlroom.failures import Missing
from core.identity.settings import IdentitySettings, OidcSettings
from dispatch.settings import DispatchSettings
from pts.settings import PtsSettings


class DatabaseSettings(BaseSettings):
    """Where the database is."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_")

    #: libpq address; without it a private cluster under var/ is made and started.
    url: SecretStr | None = None
    #: Connections one process keeps for requests; timers, relay and jobs have small pools of their own (core/db.py).
    pool_size: int = Field(default=12, ge=3)
    #: Connections it may open beyond those in a rush.
    max_overflow: int = Field(default=0, ge=0)
    #: Where the database's files lie, if on this machine: its disk is watched. `up` and `demo` know it of the private cluster.
    folder: Path | None = None


class WebSettings(BaseSettings):
    """Where the server listens."""

    model_config = SettingsConfigDict(env_prefix="WEB_")

    #: Loopback, unless a TLS front stands before it (docker-compose.yml).
    host: str = "127.0.0.1"
    #: 0 lets the system choose (tests).
    port: int = Field(default=8155, ge=0, le=65_535)
    #: Proxies whose X-Forwarded-For is believed, comma separated.
    forwarded_allow_ips: str = "127.0.0.1"


class MapSettings(BaseSettings):
    """What the pages draw on."""

    model_config = SettingsConfigDict(env_prefix="MAP_")

    #: MapLibre style by day; a site with street tiles (PMTiles extract, WMTS behind its own proxy) names its own.
    style_day: str = "/basemap/style-day.json"
    #: The same by night.
    style_night: str = "/basemap/style-night.json"
    #: "lon,lat" where a console begins to look; else the middle of its province.
    centre: str | None = Field(default=None, pattern=r"^-?\d{1,3}(\.\d+)?,-?\d{1,2}(\.\d+)?$")


def _by_province(told: object) -> object:
    """Read `26:20,43:10`; anything else is left for pydantic to refuse."""
    if not isinstance(told, str):
        return told
    pairs = [part.strip().partition(":") for part in told.split(",") if part.strip()]
    if twice := len(pairs) - len({code for code, _, _ in pairs}):
        message = f"{twice} provinces stand there twice"
        raise ValueError(message)
    return {code: seconds for code, _, seconds in pairs}


Code = Annotated[int, Field(ge=1, le=81)]
#: No longer than the desk may leave an incident unowned before it is alarmed of it.
HeldBack = Annotated[float, Field(ge=0, le=60)]


class KadesSettings(BaseSettings):
    """What a site may decide about presses."""

    model_config = SettingsConfigDict(env_prefix="KADES_")

    #: Plate code to seconds: a province whose desk looks before a team is asked (E9). None by default: a team is asked at once.
    hold_back_s: Annotated[dict[Code, HeldBack], NoDecode, BeforeValidator(_by_province)] = {}


class HouseSettings(BaseSettings):
    """The rest of what a control room is told."""

    model_config = SettingsConfigDict(env_prefix="")

    #: Province of a press of which nothing else says where it belongs (law 1); `up` refuses to start without.
    default_province: int | None = Field(default=None, ge=1, le=81)
    #: The SMS operator's gateway (http://, https://) or a spool folder (file:///); `up` refuses to start without.
    sms_url: SecretStr | None = None
    #: Where keys, sealed heads and run files live.
    state_dir: Path = Path("var")
    #: DEBUG, INFO, WARNING or ERROR.
    log_level: str = "INFO"
    #: Footage store; used from the issue that records.
    footage_url: str | None = None


class Settings:
    """Everything, by concern."""

    def __init__(
        self,
        *,
        identity: IdentitySettings,
        database: DatabaseSettings | None = None,
        web: WebSettings | None = None,
        map_: MapSettings | None = None,
        house: HouseSettings | None = None,
        dispatch: DispatchSettings | None = None,
        pts: PtsSettings | None = None,
        kades: KadesSettings | None = None,
        oidc: OidcSettings | None = None,
        demo: bool = False,
    ) -> None:
        """Take what is given and read the rest from the environment; `demo` is said by the command, never by a variable (law 13)."""
        self.identity = identity
        self.database = database or DatabaseSettings()
        self.web = web or WebSettings()
        self.map = map_ or MapSettings()
        self.house = house or HouseSettings()
        self.dispatch = dispatch or DispatchSettings()
        self.pts = pts or PtsSettings()
        self.kades = kades or KadesSettings()
        self.oidc = oidc or OidcSettings()
        self.demo = demo

    @classmethod
    def read(cls, *, demo: bool = False) -> Self:
        """Read everything from the environment and the key files. Raises `Missing` that names the variable that is wrong."""
        try:
            house = HouseSettings()
            return cls(identity=IdentitySettings.at(house.state_dir), house=house, demo=demo)
        except ValidationError as fault:
            raise unusable(fault) from None
        except (PermissionError, ValueError) as fault:
            raise Missing(tr=f"Anahtar dosyası kullanılamaz: {fault}", en=f"A key file cannot be used: {fault}") from None


def unusable(fault: ValidationError) -> Missing:
    """Say which variables cannot be used and why, without repeating what they hold (SMS_URL carries a password)."""
    prefix = {kind.__name__: str(kind.model_config.get("env_prefix", "")) for kind in SECTIONS}
    said = "; ".join(
        f"{prefix.get(fault.title, '')}{'__'.join(str(step) for step in error['loc'])}".upper() + f": {error['msg']}"
        for error in fault.errors()
    )
    return Missing(tr=f"Ayar kullanılamaz: {said}", en=f"A setting cannot be used: {said}")


#: Every group of variables this house reads, for docs/settings.md and its test.
SECTIONS: tuple[type[BaseSettings], ...] = (
    DatabaseSettings, WebSettings, MapSettings, HouseSettings, IdentitySettings, OidcSettings, DispatchSettings, KadesSettings, PtsSettings,
)  # fmt: skip
