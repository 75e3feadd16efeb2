"""What the house says of itself holds, whatever anybody sends to any door (issue 2, "must show" 6; law 12).

Cases come from `/openapi.json`, such as fit it and such as do not. Every role sends to every door: no answer is a fault of ours, each has
a status and a content type that the document tells of, and each refusal is one problem in the language that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.controlroom.doors import EVERYBODY, PUBLIC
from tests.controlroom.test_roles import SIGN_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.controlroom.doors import World

#: What is looked at in every answer.
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES: tuple[str | None, ...] = (*sorted(EVERYBODY), None)
#: Cases of each form that a role sends to a door of its own; to any other door it sends one.
OWN = 8
#: Doors that take something away which the others need; they come last.
SPENDING = ("/revoke", "/disable", "/password", "/revoke-sessions", "/close", "/end", "/merge", "/cancel")


@dataclass
class Visitor:
    """Sends cases as any role and keeps what came back wrong."""

    world: World
    asked: int = 0
    faults: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    #: What a problem is called, by its slug and language.
    titles: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines: dict[str | None, requests.Session] = {role: requests.Session() for role in ROLES}

    def visit(self, operation: Any, count: int) -> None:
        """Send an operation's cases as every role: `count` of each form by those it is for, one by all others."""
        roles = may_use(operation)
        own = [role for role in ROLES if role in roles]
        cases = generated(operation, count * len(own))
        for case in cases:
            self.send(case, own[self.asked % len(own)], its_own=True)
        for role, case in zip([role for role in ROLES if role not in roles], [*cases] * len(ROLES), strict=False):
            self.send(case, role, its_own=False)

    def send(self, case: Any, role: str | None, *, its_own: bool) -> None:
        """Send one case; every second one about something that is there, every third in Turkish."""
        self.asked += 1
        if self.asked % 2:
            real_ids(case, self.world)
        lang = "tr" if self.asked % 3 == 0 else "en"
        headers = {"Accept-Language": lang} | ({} if role is None else {"Authorization": f"Bearer {self.world.live.token[role]}"})
        answer = case.call(base_url=self.world.live.base_url, headers=headers, session=self.lines[role], timeout=30)
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        wrong = list(self.wrong_with(case, answer, lang))
        if not its_own and answer.status_code < 400 and (case.method, case.path) not in PUBLIC:
            wrong.append("it was let in")
        self.faults += [f"{answer.status_code} {case.method} {case.path} as {role}: {one}\n{shown(answer)}" for one in wrong]

    def wrong_with(self, case: Any, answer: Any, lang: str) -> Iterator[str]:
        """Say what is wrong with an answer."""
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            yield "; ".join(f"{type(one).__name__}: {one}"[:300] for one in group.exceptions)
        if answer.status_code < 400:
            return
        if answer.headers["content-type"] != ["application/problem+json"]:
            yield f"a refusal as {answer.headers['content-type']}"
            return
        problem = answer.json()
        if problem["status"] != answer.status_code or answer.headers["content-language"] != [lang]:
            yield f"a problem that says {problem['status']} in {answer.headers['content-language']}"
        self.titles[problem["slug"], lang] = problem["title"]


def may_use(operation: Any) -> frozenset[str | None]:
    """The roles that the document lets in; everybody at a door without a lock."""
    known = operation.definition.raw.get("x-roles")
    if known is not None:
        return frozenset(known)
    if operation.path == "/api/v1/kades/alerts":
        return frozenset({"kades", "gateway"})
    assert (operation.method.upper(), operation.path) in PUBLIC
    return frozenset({None})


def generated(operation: Any, count: int) -> list[Any]:
    """The same `count` cases that fit the document, and as many that do not, every time."""
    cases: list[Any] = []
    takes_something = bool(operation.body) or any(True for _ in operation.iter_parameters())
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes_something else [GenerationMode.POSITIVE]
    for mode in modes:

        @seed(20261124)
        @settings(
            max_examples=count if takes_something else 1,
            database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def keep(case: Any) -> None:
            cases.append(case)

        keep()
    return cases


def real_ids(case: Any, world: World) -> None:
    """Point a case at something that is there, so that it gets past the 404."""
    for name in case.path_parameters or {}:
        kind = "kades_device_id" if case.path.startswith("/api/v1/kades/devices") else name
        if kind in world.ids:
            case.path_parameters[name] = world.ids[kind]


def shown(answer: Any) -> str:
    """Enough of a case to send it again."""
    body = answer.request.body
    sent = body if isinstance(body, str) else (body or b"").decode(errors="replace")
    return f"   {answer.request.url} {sent[:400]!r} -> {answer.text[:300]}"


def operations(world: World) -> list[Any]:
    """Every operation but the one that ends the session; those that spend what others need at the end."""
    schema = schemathesis.openapi.from_dict(world.live.get("/openapi.json").json())
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        found.append(result.ok())
    return sorted((one for one in found if one.path != SIGN_OUT), key=lambda one: one.path.endswith(SPENDING))


def visit_all(world: World, count: int) -> Visitor:
    """Visit every door."""
    visitor = Visitor(world)
    for operation in operations(world):
        visitor.visit(operation, count)
    return visitor


def judge(visitor: Visitor, at_least: int) -> None:
    """No fault; and enough of everything was met for that to mean something."""
    assert visitor.faults == [], f"{len(visitor.faults)} of {visitor.asked}:\n" + "\n".join(visitor.faults[:40])
    assert visitor.asked >= at_least
    assert {200, 201, 202, 401, 403, 404, 422} <= visitor.statuses.keys()
    both = {slug for slug, lang in visitor.titles if lang == "tr"} & {slug for slug, lang in visitor.titles if lang == "en"}
    assert {"not-signed-in", "not-allowed", "not-found", "wrong-body"} <= both
    assert [slug for slug in both if visitor.titles[slug, "tr"] == visitor.titles[slug, "en"]] == []


@pytest.mark.timeout(400)
@pytest.mark.filterwarnings("ignore")  # of the fuzzer's own libraries: what they deprecate is not ours to mend
def test_every_answer_to_every_role_is_one_the_document_tells_of_and_none_is_a_fault(world: World) -> None:
    judge(visit_all(world, OWN), at_least=1_000)


@pytest.mark.proof
@pytest.mark.timeout(5_400)
@pytest.mark.filterwarnings("ignore")
def test_a_long_visit_finds_no_other_answer_either(world: World) -> None:
    judge(visit_all(world, 120), at_least=20_000)
