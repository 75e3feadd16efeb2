"""The ways an SMS goes out, against a real HTTP server and a real folder."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kades.problems import SmsNotSent
from kades.sms import HttpSms, ShownSms, SpoolSms, sms_for


@dataclass
class Gateway:
    port: int
    status: int = 202
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.seen.append((self.path, dict(self.headers), body))
            made.hold.wait(5)
            self.send_response(made.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Gateway(server.server_address[1])
    made.hold.set()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    made.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_gateway_gets_the_message_as_json_with_its_password_in_a_header(gateway: Gateway) -> None:
    sms = sms_for(f"http://operator:s%40fe@127.0.0.1:{gateway.port}/send?from=KADES")
    await sms.send("+905551234567", "kod 123456", code="123456")
    await sms.close()

    ((path, headers, body),) = gateway.seen
    assert path == "/send?from=KADES"
    assert (body["to"], body["text"], set(body)) == ("+905551234567", "kod 123456", {"to", "text", "id"})
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == "operator:s@fe"


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_anything_but_a_yes_is_not_sent(gateway: Gateway, status: int) -> None:
    gateway.status = status
    sms = HttpSms(f"http://127.0.0.1:{gateway.port}/")

    with pytest.raises(SmsNotSent):
        await sms.send("+905551234567", "kod", code="1")
    await sms.close()


async def test_a_gateway_that_does_not_answer_is_given_up(gateway: Gateway) -> None:
    gateway.hold.clear()
    sms = HttpSms(f"http://127.0.0.1:{gateway.port}/", timeout_s=0.2)

    with pytest.raises(SmsNotSent):
        await sms.send("+905551234567", "kod", code="1")
    await sms.close()


async def test_a_gateway_that_is_not_there_is_not_sent_and_its_secrets_stay_out_of_the_problem() -> None:
    sms = HttpSms("http://operator:secret@127.0.0.1:1/")

    with pytest.raises(SmsNotSent) as caught:
        await sms.send("+905551234567", "kod", code="1")
    await sms.close()
    assert "secret" not in json.dumps(caught.value.body("tr"))


async def test_the_spool_gets_one_complete_private_file_a_message(tmp_path: Path) -> None:
    folder = tmp_path / "giden kutusu"
    sms = sms_for(f"file://{str(folder).replace(' ', '%20')}")
    await sms.send("+905551234567", "kod 123456", code="123456")
    await sms.send("+905551234567", "kod 654321", code="654321")
    await sms.close()

    files = sorted(folder.iterdir())
    assert [json.loads(file.read_text("utf-8"))["text"] for file in files] == ["kod 123456", "kod 654321"]
    assert {file.suffix for file in files} == {".json"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


async def test_a_spool_that_cannot_be_written_is_not_sent(tmp_path: Path) -> None:
    taken = tmp_path / "spool"
    taken.write_text("a file where a folder should be", "utf-8")

    with pytest.raises(SmsNotSent):
        await SpoolSms(taken).send("+905551234567", "kod", code="1")


@pytest.mark.parametrize("url", ["", "smtp://x", "ftp://x/y", "file:relative", "http://", "nonsense"])
def test_an_sms_url_nobody_can_send_through_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SMS_URL"):
        sms_for(url)


async def test_the_demos_port_shows_the_last_code_of_a_phone() -> None:
    sms = ShownSms()
    await sms.send("+905551234567", "kod 1", code="1")
    await sms.send("+905551234567", "kod 2", code="2")

    assert sms.codes == {"+905551234567": "2"}
