"""Whatever anybody may send to a door of their own, it is answered, and never by a fault of ours (issue 2, "must show" 6: no 5xx)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.result import Ok

from tests.controlroom.doors import DOORS, PUBLIC, SPELT, World
from tests.controlroom.test_roles import SIGN_OUT, people

if TYPE_CHECKING:
    from tests.live import Live

#: Cases for each operation and role; the long count takes some twenty minutes.
EXAMPLES = 60 if os.environ.get("MERKEZ_PROOF") else 3


def may_use(method: str, path: str) -> list[str | None]:
    """The roles of an operation; None for nobody in particular."""
    if (method, path) in PUBLIC:
        return [None]
    [door] = [one for one in DOORS if (one.method, SPELT.get(one.path, one.path)) == (method, path)]
    return sorted(door.may)


def real_ids(case: Any, world: World) -> None:
    """Point every second case at something that is there, so that it gets past the 404."""
    for name in case.path_parameters or {}:
        kind = "kades_device_id" if case.operation.path.startswith("/api/v1/kades/devices") else name
        if kind in world.ids:
            case.path_parameters[name] = world.ids[kind]


def ask(world: World, case: Any, role: str | None) -> int:
    """Send a case as somebody."""
    headers = {} if role is None else {"Authorization": f"Bearer {world.live.token[role]}"}
    return int(case.call(base_url=world.live.base_url, headers=headers, timeout=30).status_code)


class Fuzzer:
    """Sends cases and keeps what came back wrong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked = 0
        self.faults: list[str] = []

    def fuzz(self, operation: Any, role: str | None) -> None:
        """Send an operation's cases as one role."""

        @seed(20261124)
        @settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            self.asked += 1
            if self.asked % 2:
                real_ids(case, self.world)
            status = ask(self.world, case, role)
            if status >= 500:
                self.faults.append(f"{status} {operation.method} {operation.path} as {role}: {case.as_curl_command()}")

        send()


@pytest.mark.timeout(3_600 if os.environ.get("MERKEZ_PROOF") else 300)
@pytest.mark.filterwarnings("ignore")  # of the fuzzer's own libraries: what they deprecate is not ours to mend
def test_no_door_answers_with_a_fault_of_ours_whatever_it_is_sent(live: Live) -> None:
    fuzzer = Fuzzer(people(live))
    schema = schemathesis.openapi.from_dict(live.get("/openapi.json").json())
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path != SIGN_OUT:
            for role in may_use(operation.method.upper(), operation.path):
                fuzzer.fuzz(operation, role)

    assert fuzzer.faults == []
    assert fuzzer.asked > 150 * min(EXAMPLES, 2)
