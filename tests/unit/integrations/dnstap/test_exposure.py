"""Which look-ups are reported."""

from typing import Any

import pytest

from fanzha.edge.entry import EdgeAction, EdgeEntry, EdgeKind, EdgeScope
from fanzha.edge.sorted_lines import SortedLines
from integrations.dnstap.codec import LookUp
from integrations.dnstap.exposure import ExposureFilter, read_subscribers

NOW_S = 1000.0
SUBSCRIBERS = {"192.0.2.7": "+8619900000001"}


def host(name: str, action: EdgeAction) -> bytes:
    return EdgeEntry(EdgeKind.HOST, name, action, EdgeScope.BELOW, 0, "", "h1").line()


LISTS = {
    EdgeKind.HOST: SortedLines.of(
        [host("bank.example", EdgeAction.BLOCK), host("ok.bank.example", EdgeAction.ALLOW)]
    )
}


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taking(clock: Clock, **options: Any) -> ExposureFilter:
    settings: dict[str, Any] = {
        "sample": 1.0, "window_seconds": 60.0, "max_per_second": 100.0, "max_waiting": 100,
        "salt": b"0" * 16,
    }  # fmt: skip
    return ExposureFilter(**settings | options, clock=clock)


def add(one: ExposureFilter, name: str, address: str = "192.0.2.7") -> str:
    return one.add(LookUp(address, name, 5), LISTS, SUBSCRIBERS, NOW_S)


def test_look_ups_of_blocked_names_are_reported_with_the_subscriber(clock: Clock) -> None:
    exposure = taking(clock)

    assert add(exposure, "www.bank.example") == "reported"

    (link,) = exposure.take(10)
    assert (link.url, link.subscriber) == ("www.bank.example", "+8619900000001")
    assert link.requested_at_ms == 5000
    assert exposure.take(10) == []


def test_an_address_that_no_file_names_does_not_leave(clock: Clock) -> None:
    exposure = taking(clock)

    assert add(exposure, "bank.example", "192.0.2.8") == "reported_unknown"

    (link,) = exposure.take(10)
    assert "192.0.2.8" not in str(link)


def test_other_names_are_forgotten(clock: Clock) -> None:
    exposure = taking(clock)

    assert add(exposure, "other.example") == "unlisted"
    assert add(exposure, "ok.bank.example") == "unlisted"
    assert add(exposure, "") == "no_name"
    assert exposure.take(10) == []


def test_a_name_counts_once_in_a_window(clock: Clock) -> None:
    exposure = taking(clock)

    assert [add(exposure, "bank.example") for _ in range(2)] == ["reported", "repeated"]
    assert add(exposure, "www.bank.example") == "reported"
    clock.now = 60.0
    assert add(exposure, "bank.example") == "reported"


def test_more_than_the_rate_or_than_may_wait_is_dropped(clock: Clock) -> None:
    exposure = taking(clock, max_per_second=2.0)
    waiting = taking(clock, max_waiting=1)

    assert [add(exposure, f"n{at}.bank.example") for at in range(3)][2] == "dropped"
    clock.now = 1.0
    assert add(exposure, "n9.bank.example") == "reported"
    assert [add(waiting, f"n{at}.bank.example") for at in range(2)] == ["reported", "dropped"]


def test_a_sample_takes_subscribers_whole(clock: Clock) -> None:
    exposure = taking(clock, sample=0.5, max_per_second=10_000.0, max_waiting=10_000)
    addresses = [f"192.0.2.{number}" for number in range(200)]

    first = [add(exposure, "a.bank.example", one) != "not_sampled" for one in addresses]
    second = [add(exposure, "b.bank.example", one) != "not_sampled" for one in addresses]

    assert first == second
    assert 60 < sum(first) < 140


def test_subscribers_are_lines_of_address_and_number() -> None:
    content = b"# of June\n192.0.2.7 +8619900000001\n\n2001:db8::7,+8619900000002\n"

    assert read_subscribers(content) == {
        "192.0.2.7": "+8619900000001",
        "2001:db8::7": "+8619900000002",
    }
    with pytest.raises(ValueError, match="line 1"):
        read_subscribers(b"192.0.2.7\n")
