"""Whoever turns the kill switch in whatever order: all who read it see what the key says."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from fanzha.errors import InvalidInput, Unavailable
from services.audit.events import AuditKind
from services.warning.dispatch.kill_switch import KEY, KillSwitch
from tests.support.change_desk import MemoryAudit
from tests.support.damaged_inputs import json_like
from tests.support.store_machines import StoreMachine, explore

PLACES = st.integers(0, 1)


class Switches(StoreMachine):
    """Two processes that turn and read one switch."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.audit = MemoryAudit()
        self.switches = [self.switch(), self.switch()]
        self.is_set = False
        self.seen: list[bool | None] = [None, None]
        """Whether a process saw a stop when it last read; None before it read."""

    def switch(self) -> KillSwitch:
        return KillSwitch(self.client, now_ms=lambda: 5, audit=self.audit)

    @rule(place=PLACES, why=st.sampled_from(["outage", "complaints 投诉"]))
    def stop(self, place: int, why: str) -> None:
        self.is_set = True
        stopping = self.switches[place].stop(by="li", why=why)
        if self.audit.full:
            # A stop acts first.
            with pytest.raises(Unavailable):
                self.do(stopping)
        else:
            order = self.do(stopping)
            assert (order.by, order.why, order.at_ms) == ("li", why, 5)
            assert self.audit.kinds[-1] is AuditKind.WARNINGS_STOPPED
        self.seen[place] = True

    @rule(place=PLACES, why=st.sampled_from(["", "  ", "x" * 201]), stops=st.booleans())
    def turn_without_a_reason(self, place: int, why: str, stops: bool) -> None:
        switch = self.switches[place]
        with pytest.raises(InvalidInput, match="reason"):
            self.do((switch.stop if stops else switch.start)(by="li", why=why))

    @rule(place=PLACES)
    def start(self, place: int) -> None:
        records = len(self.audit.records)
        starting = self.switches[place].start(by="li", why="over")
        if self.is_set and self.audit.full:
            # Nothing goes out again without a record.
            with pytest.raises(Unavailable):
                self.do(starting)
            self.seen[place] = True
            return
        assert self.do(starting) is self.is_set
        assert len(self.audit.records) == records + self.is_set
        self.is_set, self.seen[place] = False, False

    @rule(content=json_like({"by": "li", "why": "a", "at_ms": 1}).filter(bool))
    def set_by_hand(self, content: str) -> None:
        client: Any = self.client
        self.do(client.set(KEY, content.encode("utf-8", "replace")))
        self.is_set = True

    @rule()
    def delete_by_hand(self) -> None:
        client: Any = self.client
        self.do(client.delete(KEY))
        self.is_set = False

    @rule(place=PLACES)
    def read(self, place: int) -> None:
        order = self.do(self.switches[place].read())
        assert (order is not None) == self.is_set
        self.seen[place] = self.is_set

    @rule(place=PLACES)
    def restart(self, place: int) -> None:
        self.switches[place], self.seen[place] = self.switch(), None

    @rule(full=st.booleans())
    def fill_the_audit_log(self, full: bool) -> None:
        self.audit.full = full

    @invariant()
    def is_stopped_until_a_read_says_otherwise(self) -> None:
        expected = [seen is not False for seen in self.seen]
        assert [switch.stopped for switch in self.switches] == expected


def test_the_kill_switch_holds_in_every_order_of_writes_and_reads(redis_url: str) -> None:
    explore(Switches, redis_url)
