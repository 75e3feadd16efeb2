"""How a code reaches a phone. The operator's gateway is chosen by SMS_URL; the demo shows the code instead (law 13)."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

import anyio.to_thread
import httpx

from core.ids import new_id
from kades.problems import SmsNotSent

TIMEOUT_S: Final = 5.0


class SmsPort(Protocol):
    """Sends one text message."""

    async def send(self, phone: str, text: str, *, code: str) -> None:
        """Hand `text` (which holds `code`) to whoever delivers it to `phone` (E.164). Raises SmsNotSent."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


class HttpSms:
    """An operator's HTTP gateway: `POST {"to", "text", "id"}` as JSON, any 2xx is a yes.

    A user name and password inside SMS_URL go as HTTP Basic. `id` is unique per message, so a gateway may drop a repeat.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit(parts._replace(netloc=host))
        auth = httpx.BasicAuth(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._client = httpx.AsyncClient(timeout=timeout_s, auth=auth, follow_redirects=False)

    async def send(self, phone: str, text: str, *, code: str) -> None:  # noqa: ARG002 - the port tells it, only the demo needs it apart
        """POST the message."""
        try:
            answer = await self._client.post(self._url, json={"to": phone, "text": text, "id": str(new_id())})
        except httpx.HTTPError as fault:
            # The fault's own text may hold the address with its secrets: it is not passed on.
            raise SmsNotSent from fault
        if not answer.is_success:
            raise SmsNotSent

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class SpoolSms:
    """A folder from which a modem or gateway picks messages up: one JSON file each, complete as soon as it has its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, phone: str, text: str, *, code: str) -> None:  # noqa: ARG002 - the port tells it, only the demo needs it apart
        """Write the message and have it on the disk before saying so."""
        try:
            await anyio.to_thread.run_sync(self._write, {"to": phone, "text": text, "id": str(new_id())})
        except OSError as fault:
            raise SmsNotSent from fault

    def _write(self, message: dict[str, Any]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = self._folder / f"{message['id']}.json"
        part = name.with_suffix(".part")
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(message, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            part.replace(name)
        except BaseException:
            with suppress(FileNotFoundError):
                part.unlink()
            raise
        _sync_folder(self._folder)

    async def close(self) -> None:
        """Nothing is held open."""


@dataclass
class ShownSms:
    """The demo's: keeps the last code of each phone so that the page can show it. Never built outside `demo` (law 13)."""

    codes: dict[str, str] = field(default_factory=dict)

    async def send(self, phone: str, text: str, *, code: str) -> None:  # noqa: ARG002 - the port
        """Remember the code."""
        self.codes[phone] = code

    async def close(self) -> None:
        """Nothing is held open."""


def sms_for(url: str) -> SmsPort:
    """Return the port SMS_URL asks for: `http(s)://…` or `file:///folder`. Raises ValueError for anything else."""
    scheme = urlsplit(url).scheme
    if scheme in {"http", "https"} and urlsplit(url).hostname:
        return HttpSms(url)
    if scheme == "file" and (path := unquote(urlsplit(url).path)).startswith("/"):
        return SpoolSms(Path(path))
    message = "SMS_URL must be http(s)://… of an SMS gateway or file:///… of a spool folder"
    raise ValueError(message)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
