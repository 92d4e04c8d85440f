"""The zone as its list changes, and as entries end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.edge.sorted_lines import SortedLines, key_of
from integrations.dns import serials
from integrations.dns.names import PolicyRecord
from integrations.dns.policies import PolicyAction, PolicyRules
from integrations.dns.zone import PolicyZone
from tests.unit.integrations.dns.conftest import NOW_S, Host


def changed(zone: PolicyZone, host: Host, *names: str, version: int, now_s: float = NOW_S) -> bool:
    lines = SortedLines.of(
        [host("bank.example"), host("shop.example"), *(host(name) for name in names)]
    )
    return zone.advance(lines, [*names, "bank.example"], version, now_s)


def serial_of(zone: PolicyZone) -> int:
    assert zone.current is not None
    return zone.current.serial


def test_the_serial_is_the_version_of_the_lists(zone: PolicyZone, host: Host) -> None:
    assert changed(zone, host, "new.example", version=9)

    assert serial_of(zone) == 9
    (step,) = zone.steps_since(7) or []
    assert (step.from_serial, step.to_serial) == (7, 9)
    assert step.changes.removed == []
    assert step.changes.added == [
        PolicyRecord("new.example", PolicyAction.NXDOMAIN),
        PolicyRecord("*.new.example", PolicyAction.NXDOMAIN),
    ]


def test_a_version_that_changes_no_name_changes_no_serial(zone: PolicyZone, host: Host) -> None:
    assert not changed(zone, host, version=9)

    assert serial_of(zone) == 7


def test_an_entry_that_ends_leaves_the_zone_at_the_next_serial(
    zone: PolicyZone, host: Host
) -> None:
    lines = SortedLines.of([host("bank.example"), host("ends.example", expires_s=1010)])
    zone.advance(lines, ["ends.example", "shop.example"], 9, NOW_S)
    assert zone.ended(1009.9) == []

    ended = zone.ended(1010.0)
    assert ended == ["ends.example"]
    assert zone.advance(lines, ended, 9, 1010.0)

    assert serial_of(zone) == 10
    assert zone.current is not None
    assert zone.current.names.get("ends.example") is None
    assert zone.current.names.get("bank.example") is not None


def test_entries_that_end_much_later_are_found_in_time(zone: PolicyZone, host: Host) -> None:
    end = int(NOW_S) + 10_000
    lines = SortedLines.of([host("ends.example", expires_s=end)])
    zone.advance(lines, ["ends.example", "bank.example", "shop.example"], 9, NOW_S)

    found = [name for now in range(int(NOW_S), end + 60, 60) for name in zone.ended(now)]

    assert found == ["ends.example"]


def test_an_allow_entry_wins_until_it_ends(zone: PolicyZone, host: Host) -> None:
    both = SortedLines.of([host("bank.example"), host("bank.example", "allow", expires_s=1010)])

    zone.advance(both, ["bank.example"], 8, NOW_S)
    assert zone.current is not None
    before = zone.current.names.get("bank.example")
    zone.advance(both, zone.ended(1010), 8, 1010)

    after = zone.current.names.get("bank.example")
    assert before is not None
    assert after is not None
    assert (before.action, after.action) == (PolicyAction.PASSTHRU, PolicyAction.NXDOMAIN)


def test_kinds_of_fraud_may_have_answers_of_their_own(zone: PolicyZone, host: Host) -> None:
    lines = SortedLines.of(
        [
            host("loan.example", fraud_type="fake_loan"),
            host("credit.example", fraud_type="fake_credit"),
        ]
    )

    zone.advance(lines, ["loan.example", "credit.example"], 8, NOW_S)

    assert zone.current is not None
    found = [zone.current.names.get(name) for name in ("loan.example", "credit.example")]
    assert [one.action for one in found if one] == [PolicyAction.PAGE, PolicyAction.NODATA]


@pytest.mark.parametrize(
    "name", ["192.0.2.1", "[2001:db8::1]", "a" * 64 + ".example", "bad name.example"]
)
def test_what_is_no_name_of_a_zone_is_left_out(zone: PolicyZone, host: Host, name: str) -> None:
    assert not zone.advance(SortedLines.of([host(name)]), [name], 8, NOW_S)


def test_steps_beyond_the_limit_are_forgotten_first(zone: PolicyZone, host: Host) -> None:
    for version in range(8, 108):
        zone.advance(
            SortedLines.of([host(f"n{version}.example")]), [f"n{version}.example"], version, NOW_S
        )

    assert zone.steps_since(7) is None
    assert zone.steps_since(serial_of(zone) - 1) is not None
    steps = zone.steps_since(serial_of(zone) - 50) or []
    assert sum(step.size for step in steps) <= 100


def test_steps_of_a_serial_that_never_was_are_not_known(zone: PolicyZone, host: Host) -> None:
    changed(zone, host, "new.example", version=9)

    assert zone.steps_since(8) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**40))
def test_a_serial_always_rises(serial: int, version: int) -> None:
    assert serials.is_newer(serials.after(serial, version), serial)


def test_serials_wrap_around() -> None:
    assert serials.after(2**32 - 1, 5) == 5
    assert serials.after(2**32 - 1, 2**32 - 1) == 0
    assert serials.is_newer(0, 2**32 - 1)
    assert not serials.is_newer(2**32 - 1, 0)


def test_edits_in_any_order_make_the_zone_that_beginning_with_all_makes(host: Host) -> None:
    rules = PolicyRules(zone="rpz.fanzha")
    lines = [host("a.example"), host("b.c.a.example", "allow"), host("d.example", expires_s=500)]
    stepwise, at_once = (PolicyZone(rules, journal_records=100) for _ in range(2))

    at_once.begin(SortedLines.of(lines), 1, NOW_S)
    stepwise.begin(SortedLines(), 1, NOW_S)
    for count, line in enumerate(lines, 1):
        name = key_of(line).split(b"\t")[1].decode()
        stepwise.advance(SortedLines.of(lines[:count]), [name], count + 1, NOW_S)

    assert stepwise.current is not None
    assert at_once.current is not None
    assert list(stepwise.current.names.records()) == list(at_once.current.names.records())
