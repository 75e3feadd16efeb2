"""Any order of uses, losses, thefts and waits against a model of what a family owes (stateful, real database)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from pydantic import SecretBytes

from core.clock import HeldClock
from core.db import Database
from core.identity import Identity, IdentitySettings, Role, admin, authenticate
from core.identity.service import Caller, Tokens
from core.identity.sign_in import caller_of, sign_in
from tests.conftest import NOON
from tests.core.identity.conftest import CHEAP

T = TypeVar("T")
HOME, THIEF = b"h" * 32, b"t" * 32


class FamilyStory(RuleBasedStateMachine):
    """One sign-in and everything that may happen to its refresh tokens."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.db = Database(url, pool_size=2)
        self.identity = Identity(IdentitySettings(passwords=CHEAP, token_key=SecretBytes(b"k" * 32)))
        self.clock = HeldClock(NOON)
        self.chain: list[Tokens] = []  # the family's tokens in order
        self.used_at: list[datetime | None] = []  # when each was first used, None while it was not
        self.issued_at: list[datetime] = []
        self.over = False

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    @initialize()
    def someone_signs_in(self) -> None:
        self.tokens(self.run(self._sign_in()))
        self.born = self.clock.now()

    async def _sign_in(self) -> Tokens:
        name = f"nobet-{id(self)}-{self.loop.time()}".replace(".", "-")[:60]
        async with self.db.tx() as tx:
            who = await admin.create(
                tx, self.identity, username=name, name="N.", role=Role.DISPATCHER, provinces={26}, now=self.clock.now()
            )
        caller = Caller(caller_of("10.0.0.1", None, None).source, HOME)
        return await sign_in(self.db, self.identity, self.clock, username=who.username, password=who.password, caller=caller)

    def tokens(self, tokens: Tokens) -> None:
        self.chain.append(tokens)
        self.used_at.append(None)
        self.issued_at.append(self.clock.now())

    async def _refresh(self, token: str, device: bytes) -> Tokens | None:
        async with self.db.tx() as tx:
            return await self.identity.refresh(tx, token, device, self.clock.now())

    @rule(seconds=st.sampled_from([0, 1, 30, 59, 60, 61, 600, 3600 * 8, 3600 * 17]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move(timedelta(seconds=seconds))

    @precondition(lambda self: self.chain)
    @rule(back=st.integers(0, 3))
    def a_token_is_shown_from_home(self, back: int) -> None:
        place = max(0, len(self.chain) - 1 - back)
        now, used = self.clock.now(), self.used_at[place]
        got = self.run(self._refresh(self.chain[place].refresh_token, HOME))
        if self.over or now >= self.born + timedelta(days=7):
            assert got is None
        elif used is None:
            if now >= self.issued_at[place] + timedelta(hours=16):
                assert got is None
            else:
                assert got is not None
                self.used_at[place] = now
                self.tokens(got)
        elif now < used + timedelta(seconds=60):
            assert got is not None
            assert got.refresh_token == self.chain[place + 1].refresh_token
            self.chain[place + 1] = got
        else:
            assert got is None
            self.over = True

    @precondition(lambda self: self.chain)
    @rule(back=st.integers(0, 3))
    def a_token_is_shown_elsewhere(self, back: int) -> None:
        place = max(0, len(self.chain) - 1 - back)
        assert self.run(self._refresh(self.chain[place].refresh_token, THIEF)) is None
        if self.clock.now() < self.born + timedelta(days=7):
            self.over = True

    @invariant()
    def nobody_is_in_once_the_family_is_over(self) -> None:
        if self.over:
            assert self.run(self._who(self.chain[-1].access_token)) is None

    async def _who(self, token: str) -> object:
        async with self.db.tx() as tx:
            return await authenticate(tx, token, self.clock.now())

    def teardown(self) -> None:
        self.run(self.db.dispose())
        self.identity.close()
        self.loop.close()


@pytest.mark.timeout(300)
def test_a_refresh_family_keeps_its_promises_in_any_order(fresh_url: str) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    few = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(lambda: FamilyStory(fresh_url), settings=few)
