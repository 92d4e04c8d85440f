"""An allow entry lifts the blocks it outranks at once; shadows watch: through real workers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fanzha.client import channels
from fanzha.fingerprint import fingerprint
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc, decision_pb2, interception_pb2, interception_pb2_grpc
from tests.support.processes import LEAN, Running, eventually, fanzha_up

DEADLINE = 60
RANGES = {"FANZHA_RANGE_SUBSCRIBERS_LIMIT": "1000000000"}
"""Ranges as wide as those below need no confirmation."""
VICTIM = "+8619900000001"
FAR_S = 4_000_000_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(
        Path(tmp_path_factory.mktemp("service")), workers=2, **RANGES, **LEAN
    ) as running:
        yield running


@dataclass
class Lists:
    """The lists of a running service, and what it decides."""

    service: Running
    admin: Any
    decider: Any
    listed: list[pb.Entry] = field(default_factory=list)

    def change(self, *additions: pb.Entry, removals: list[pb.EntryRef] | None = None) -> int:
        """Change the lists, and wait until every worker has them."""
        answer = self.admin.UpdateEntries(
            pb.UpdateEntriesRequest(
                additions=additions, removals=removals or [], author="li", reason="test"
            ),
            timeout=DEADLINE,
        )
        assert {one.outcome for one in answer.additions} <= {pb.ROW_OUTCOME_ADDED}
        self.listed += additions
        eventually(lambda: self._have(answer.version))
        return int(answer.version)

    def clear(self) -> None:
        """Remove what was added."""
        names = [pb.EntryRef(kind=e.kind, pattern=e.pattern, action=e.action) for e in self.listed]
        if names:
            self.change(removals=names)
        self.listed.clear()

    def decide(self, request: Any) -> decision_pb2.Decision:
        """Ask for one decision."""
        method = {
            interception_pb2.DecideCallRequest: self.decider.DecideCall,
            interception_pb2.DecideTextRequest: self.decider.DecideText,
            interception_pb2.DecideLinkRequest: self.decider.DecideLink,
        }[type(request)]
        decision: decision_pb2.Decision = method(request, timeout=DEADLINE).decision
        return decision

    def _have(self, version: int) -> bool:
        status = self.admin.GetStatus(pb.GetStatusRequest(), timeout=DEADLINE)
        return len(status.workers) >= 2 and all(
            worker.list_version >= version for worker in status.workers
        )


@contextmanager
def lists_of(service: Running) -> Iterator[Lists]:
    with (
        channels.blocking(service.admin) as admin,
        channels.blocking(service.interception) as decider,
    ):
        lists = Lists(
            service,
            blocklist_pb2_grpc.BlocklistServiceStub(admin),
            interception_pb2_grpc.InterceptionServiceStub(decider),
        )
        try:
            yield lists
        finally:
            lists.clear()


@pytest.fixture
def lists(service: Running) -> Iterator[Lists]:
    with lists_of(service) as found:
        yield found


def entry(pattern: str, action: str, **fields: Any) -> pb.Entry:
    actions = {"block": decision_pb2.ACTION_BLOCK, "allow": decision_pb2.ACTION_ALLOW}
    named = pattern.lower() == "prize"
    kind = pb.ENTRY_KIND_SENDER if named else pb.ENTRY_KIND_UNSPECIFIED
    return pb.Entry(
        pattern=pattern, kind=kind, action=actions[action], source=decision_pb2.SOURCE_BUREAU,
        reason="test", expires_at_s=FAR_S, **fields,
    )  # fmt: skip


def call(caller: str, callee: str = VICTIM, **fields: Any) -> interception_pb2.DecideCallRequest:
    made = interception_pb2.Call(
        caller=caller, callee=callee, ingress=interception_pb2.INGRESS_LOCAL
    )
    return interception_pb2.DecideCallRequest(call=made, **fields)


def text(sender: str, body: str, **fields: Any) -> interception_pb2.DecideTextRequest:
    made = interception_pb2.Text(sender=sender, receiver=VICTIM, body=body)
    return interception_pb2.DecideTextRequest(text=made, **fields)


def link(url: str, **fields: Any) -> interception_pb2.DecideLinkRequest:
    return interception_pb2.DecideLinkRequest(link=interception_pb2.Link(url=url), **fields)


NUMBER = "+8617000000021"
TEMPLATE = "【示例银行】尊敬的客户，您的积分8200分今日过期，请尽快到示例商城兑换现金，回T退订"
WORDS = fingerprint(TEMPLATE)
LIFTED = {
    "a number, blocked itself": (["+8617000000021"], "+8617000000021", call(NUMBER)),
    "a number in a blocked range": (["+86170000000*"], "+8617000000021", call(NUMBER)),
    "a number in two blocked ranges": (["+861700*", "+8617000000*"], NUMBER, call(NUMBER)),
    "a range in a blocked range": (["+861700*"], "+86170000000*", call(NUMBER)),
    "a number that is called": (["+86170000000*"], NUMBER, call(VICTIM, NUMBER)),
    "a host, blocked itself": (["pay.example"], "pay.example", link("http://pay.example/a")),
    "a host below a blocked one": (["pay.example"], "m.pay.example", link("http://m.pay.example/")),
    "a path on a blocked host": (["pay.example"], "pay.example/ok/", link("pay.example/ok/1")),
    "a path below a blocked path": (["pay.example/a/"], "pay.example/a/b", link("pay.example/a/b")),
    "a sender's name": (["Prize"], "prize", text("Prize", "您好")),
    "a sender's number in a range": (["+86170000000*"], NUMBER, text(NUMBER, "您好")),
    "a link inside a text": (["pay.example"], "m.pay.example", text(NUMBER, "见 http://m.pay.example/a")),
}  # fmt: skip
LIFTED |= {
    "words, blocked themselves": ([WORDS], WORDS, text(NUMBER, TEMPLATE)),
    "a caller, who calls into a blocked range":
        (["+861991*"], NUMBER, call(NUMBER, "+8619910000001")),
}  # fmt: skip
NOT_LIFTED = {
    "a number within an allowed range": ([NUMBER], "+86170000000*", call(NUMBER)),
    "a host below an allowed one": (["m.pay.example"], "pay.example", link("http://m.pay.example/")),
    "a path on an allowed host": (["pay.example/a/"], "pay.example", link("pay.example/a/b")),
    "a blocked link in an allowed sender's text":
        (["pay.example"], NUMBER, text(NUMBER, "见 http://pay.example/a")),
    "blocked words of an allowed sender": ([WORDS], NUMBER, text(NUMBER, TEMPLATE)),
    "a blocked sender of allowed words": ([NUMBER], WORDS, text(NUMBER, TEMPLATE)),
    "a blocked sender of an allowed link":
        ([NUMBER], "pay.example", text(NUMBER, "见 http://pay.example/a")),
}  # fmt: skip


@pytest.mark.parametrize("case", LIFTED)
def test_an_allow_entry_lifts(lists: Lists, case: str) -> None:
    blocked, allowed, request = LIFTED[case]
    lists.change(*(entry(pattern, "block") for pattern in blocked))
    assert lists.decide(request).reason == decision_pb2.REASON_BLOCKLISTED

    lists.change(entry(allowed, "allow"))

    after = lists.decide(request)
    assert after.reason != decision_pb2.REASON_BLOCKLISTED
    # Of a text that was blocked for a link, nothing in the lists speaks any more.
    named = "" if case == "a link inside a text" else allowed
    assert after.pattern.lower() == named


@pytest.mark.parametrize("case", NOT_LIFTED)
def test_an_allow_entry_does_not_lift_more_specific_or_unrelated_blocks(
    lists: Lists, case: str
) -> None:
    blocked, allowed, request = NOT_LIFTED[case]
    lists.change(*(entry(pattern, "block") for pattern in blocked))

    lists.change(entry(allowed, "allow"))

    assert lists.decide(request).reason == decision_pb2.REASON_BLOCKLISTED


def test_removing_the_allow_entry_restores_the_block(lists: Lists) -> None:
    lists.change(entry("+86170000000*", "block"), entry(NUMBER, "allow"))
    assert lists.decide(call(NUMBER)).reason == decision_pb2.REASON_ALLOWLISTED

    lists.change(removals=[pb.EntryRef(pattern=NUMBER)])

    assert lists.decide(call(NUMBER)).reason == decision_pb2.REASON_BLOCKLISTED


def test_a_shadow_match_is_returned_only_on_request_and_changes_nothing(lists: Lists) -> None:
    lists.change(entry("+86170000000*", "block", mode=pb.ENTRY_MODE_SHADOW))

    silent, with_shadow = (
        lists.decide(call(NUMBER, with_shadow_entries=asked)) for asked in (0, 1)
    )

    for decision in (silent, with_shadow):
        assert decision.action == decision_pb2.ACTION_ALLOW
        assert decision.entry_id == ""
    assert silent.shadow_entry_id == ""
    assert with_shadow.shadow_pattern == "+86170000000*"
    assert with_shadow.shadow_evidence == decision_pb2.EVIDENCE_CALLER


def test_the_check_command_shows_the_matching_shadow_entry(lists: Lists) -> None:
    lists.change(entry("+86170000000*", "block", mode=pb.ENTRY_MODE_SHADOW))

    output = lists.service.fanzha(
        "check", "call", "--from", NUMBER, "--to", VICTIM, "--shadow"
    ).stdout

    assert "(+86170000000*) would have blocked it." in output


def test_a_batch_returns_shadow_matches_row_by_row(lists: Lists) -> None:
    lists.change(
        entry(NUMBER, "block", mode=pb.ENTRY_MODE_SHADOW), entry("+8617000000022", "block")
    )
    calls = [call(f"+861700000002{last}").call for last in range(4)]
    request = interception_pb2.DecideCallsRequest(calls=calls, with_shadow_entries=True)

    decisions = lists.decider.DecideCalls(request, timeout=DEADLINE).decisions

    assert {(one.row, one.pattern, one.shadow_pattern) for one in decisions.details} == {
        (1, "", NUMBER), (2, "+8617000000022", ""),
    }  # fmt: skip


def test_hits_of_enforcing_and_shadow_entries_are_counted(lists: Lists) -> None:
    lists.change(
        entry("+8617000000332", "block"), entry("+86170000003*", "block", mode=pb.ENTRY_MODE_SHADOW)
    )
    began_s = int(time.time())
    for _ in range(3):
        lists.decide(call("+8617000000332"))
    lists.decide(call("+8617000000333"))

    def hits() -> dict[str, int]:
        found = lists.admin.FindEntries(pb.FindEntriesRequest(query="+8617000000332")).entries
        return {one.pattern: one.hits for one in found if one.last_hit_at_s >= began_s}

    eventually(lambda: hits() == {"+8617000000332": 3, "+86170000003*": 1})
    page = lists.service.metrics_page()
    name = "fanzha_shadow_entry_hits_total"
    assert f'{name}{{decided="let_through",kind="range",source="bureau"}} ' in page
    assert "fanzha_shadow_entries{" in page
    assert "fanzha_entry_hits_dropped_total 0.0" in page


def test_hits_survive_a_restart(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=2, **RANGES, **LEAN) as running, lists_of(running) as lists:
        lists.change(entry(NUMBER, "block"))
        for _ in range(2):
            lists.decide(call(NUMBER))
        lists.listed.clear()
        # Nothing waits for the next write: workers write what they have when they end.

    with fanzha_up(tmp_path, workers=2, **RANGES, **LEAN) as running:
        output = running.fanzha("blocklist", "show", NUMBER).stdout

    assert "2, about" in output
