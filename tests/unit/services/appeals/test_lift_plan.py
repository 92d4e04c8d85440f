"""A lift lets the subject through and changes nothing for anybody else, whatever is listed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from services.appeals.lift_plan import LiftPlan, blocking, plan
from services.appeals.model import AppealSubject
from tests.support.builders import NINE_O_CLOCK_S, an_entry
from tests.support.list_strategies import (
    entries,
    hosts,
    identity,
    latest,
    numbers,
    scan_link,
    scan_party,
)

LISTED = "+8617000000123"
SIDES = (Direction.FROM, Direction.TO)
PLAN = HomePlan(country_code="999")


def number(pattern: str = LISTED, direction: Direction = Direction.FROM) -> AppealSubject:
    return AppealSubject(kind=EntryKind.NUMBER, pattern=pattern, direction=direction)


def planned(
    listed: list[Entry], subject: AppealSubject, *, by_list: bool = True, **more: object
) -> LiftPlan:
    snapshot = Snapshot.build(1, latest(listed))
    if subject.kind == EntryKind.HOST:
        found = snapshot.find_all_urls(f"http://{subject.pattern}/")
    else:
        found = snapshot.find_all_parties(PLAN.sender_key(subject.pattern))
    return plan(found, subject, now_s=NINE_O_CLOCK_S, by_list=by_list, **more)  # type: ignore[arg-type]


def carried_out(listed: list[Entry], subject: AppealSubject, wanted: LiftPlan) -> list[Entry]:
    gone = {identity(entry) for entry in wanted.removals}
    left = [entry for entry in latest(listed) if identity(entry) not in gone]
    if wanted.allow:
        allow = an_entry(subject.pattern, Action.ALLOW, kind=subject.kind, direction=wanted.allow)
        left = latest([*left, allow])
    return left


@given(
    st.lists(entries, max_size=12),
    numbers,
    st.sampled_from(SIDES),
    st.tuples(st.booleans(), st.booleans()),
    st.lists(numbers, max_size=4),
)
def test_a_lifted_number_gets_through_and_others_are_as_before(
    listed: list[Entry],
    pattern: str,
    side: Direction,
    how: tuple[bool, bool],
    others: list[str],
) -> None:
    listed, subject = latest(listed), number(pattern, side)
    by_list, keep = how

    planned_lift = planned(listed, subject, by_list=by_list, keep=keep)

    after = carried_out(listed, subject, planned_lift)
    for direction in SIDES:
        for senders in (False, True):
            ruled = scan_party(after, pattern, direction, senders=senders)
            assert ruled is None or ruled[1] == Action.ALLOW
            for other in set(others) - {pattern}:
                before = scan_party(listed, other, direction, senders=senders)
                assert scan_party(after, other, direction, senders=senders) == before
    again = planned(after, subject, by_list=by_list, keep=keep)
    assert (list(again.removals), again.allow) == ([], Direction(0))


@given(st.lists(entries, max_size=12), hosts, st.booleans(), st.booleans())
# Lists hold a URL prefix without a path as a host, but whatever holds one lets all pages through.
@example(
    [
        an_entry("a.example"),
        an_entry("a.example/", Action.ALLOW, kind=EntryKind.URL_PREFIX),
    ],
    "a.a.example",
    True,
    False,
)
def test_a_lifted_host_gets_through(
    listed: list[Entry], host: str, by_list: bool, keep: bool
) -> None:
    listed = latest(listed)
    subject = AppealSubject(kind=EntryKind.HOST, pattern=host, direction=Direction.BOTH)

    planned_lift = planned(listed, subject, by_list=by_list, keep=keep)

    after = carried_out(listed, subject, planned_lift)
    for page in ("/", "/x", "/x/y?q=1"):
        ruled = scan_link(after, f"http://{host}{page}")
        # An entry for a page blocks that page only, and is not what the appeal is about.
        by_page = ruled is not None and ruled[0] == EntryKind.URL_PREFIX and page != "/"
        assert by_page or ruled is None or ruled[2] == Action.ALLOW
    again = planned(after, subject, by_list=by_list, keep=keep)
    assert (list(again.removals), again.allow) == ([], Direction(0))


def test_an_exact_block_is_removed_and_nothing_is_allowed() -> None:
    planned_lift = planned([an_entry(LISTED)], number())

    assert ([entry.pattern for entry in planned_lift.removals], planned_lift.allow) == (
        [LISTED],
        Direction(0),
    )


def test_a_range_stays_in_force_for_all_other_numbers() -> None:
    planned_lift = planned([an_entry("+86170*"), an_entry(LISTED)], number())

    assert [entry.pattern for entry in planned_lift.removals] == [LISTED]
    assert planned_lift.allow == Direction.BOTH


def test_a_block_by_a_model_is_lifted_by_an_allow_entry_in_its_direction() -> None:
    assert planned([], number(), by_list=False).allow == Direction.FROM


def test_removing_an_entry_may_be_followed_by_an_allow_entry_against_models() -> None:
    assert planned([an_entry(LISTED)], number(), allow_anyway=True).allow == Direction.FROM


def test_an_officer_chooses_the_direction() -> None:
    listed = [an_entry("+86170*")]

    assert planned(listed, number(), direction=1).allow == Direction.FROM


def test_an_allow_entry_that_is_replaced_loses_nothing() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    listed = [
        an_entry(LISTED, Action.ALLOW, direction=Direction.TO, expires_at=later),
        an_entry("+86170*", direction=Direction.FROM),
    ]

    planned_lift = planned(listed, number())

    assert planned_lift.allow == Direction.BOTH
    assert planned_lift.replaces is not None
    assert planned_lift.replaces.expires_at == later


def test_a_shadow_entry_stays() -> None:
    shadow = replace(an_entry(LISTED), mode=EntryMode.SHADOW)

    assert plan([shadow], number(), now_s=NINE_O_CLOCK_S, by_list=True) == LiftPlan(removals=[])
    assert blocking([shadow], NINE_O_CLOCK_S) == []


def test_the_entry_that_decides_comes_first() -> None:
    listed = [an_entry("+86170*"), an_entry(LISTED)]
    found = Snapshot.build(1, listed).find_all_parties(HomePlan().sender_key(LISTED))

    assert [entry.pattern for entry in blocking(found, NINE_O_CLOCK_S)] == [LISTED, "+86170*"]


@pytest.mark.parametrize(
    "entry",
    [
        an_entry(LISTED, Action.ALLOW),
        replace(an_entry(LISTED), expires_at=datetime(2026, 1, 5, 8, tzinfo=UTC)),
    ],
)
def test_entries_that_do_not_block_are_not_listed(entry: Entry) -> None:
    assert blocking([entry], NINE_O_CLOCK_S) == []
