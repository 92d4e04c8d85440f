"""Requests as subscribers make them: new numbers, times and digits, and the share of fraud."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from benchmarks.load.subscribers import DIFFERENT_ROWS, SubscriberTraffic
from fanzha.v1 import interception_pb2 as pb

ROWS = 64
ROUND = DIFFERENT_ROWS // ROWS
"""Requests until the same ones are written anew."""


def traffic(channel: str, *, seed: int = 1, listed: int = 1000, share: float = 0.01) -> Any:
    return SubscriberTraffic({channel: 1.0}, rows=ROWS, listed=listed, seed=seed, fraud_share=share)


def rows(made: SubscriberTraffic, requests: int) -> Iterator[Any]:
    for body in islice(made, requests):
        name = body.path.rpartition("/")[2]
        request = getattr(pb, f"{name}Request").FromString(body.data[5:])
        yield from getattr(request, f"{body.channel}s")


def callers(**options: Any) -> "Counter[str]":
    """Count calls of a round by the first digits of the caller: whose they are."""
    return Counter(call.caller[:6] for call in rows(traffic("call", **options), ROUND))


def test_of_the_calls_a_share_is_fraud_half_by_listed_numbers() -> None:
    counts = callers(share=0.01)

    wanted = round(0.01 * DIFFERENT_ROWS / 2)
    assert counts["+86170"] == wanted
    assert counts["+86197"] == pytest.approx(wanted, abs=1)
    assert counts["+86198"] + counts["+86199"] == counts.total() - round(0.01 * DIFFERENT_ROWS)


def test_without_listed_numbers_all_fraud_is_by_diallers() -> None:
    counts = callers(listed=0)

    assert counts["+86170"] == 0
    assert counts["+86197"] == round(0.01 * DIFFERENT_ROWS)


def test_hardly_a_subscriber_calls_twice() -> None:
    counts = Counter(call.caller for call in rows(traffic("call", share=0.0), 4 * ROUND))

    assert len(counts) > 0.999 * counts.total()
    assert max(counts.values()) <= 3


def test_calls_are_made_now() -> None:
    before = time.time_ns() // 1_000_000
    times = [call.attempted_at_ms for call in rows(traffic("call"), 2)]

    assert all(before <= at <= time.time_ns() // 1_000_000 for at in times)


@pytest.mark.parametrize(("channel", "content"), [("text", "body"), ("link", "url")])
def test_what_is_written_has_other_digits_each_time(channel: str, content: str) -> None:
    made = traffic(channel)
    first, again = ([getattr(row, content) for row in rows(made, ROUND)] for _ in range(2))

    changed = [one != other for one, other in zip(first, again, strict=True)]
    assert sum(changed) > 0.7 * len(changed)
    assert [len(one) for one in first] == [len(one) for one in again]


def test_texts_come_from_subscribers_and_from_services() -> None:
    counts = Counter(text.sender[:4] for text in rows(traffic("text"), ROUND))

    assert counts["1069"] > 0.4 * counts.total()
    assert counts["+861"] > 0.4 * counts.total()
    assert counts["1069"] + counts["+861"] == counts.total()


def test_the_same_seed_makes_the_same_numbers_and_another_others() -> None:
    def made(seed: int) -> list[tuple[str, str]]:
        calls = rows(traffic("call", seed=seed, share=0.0), 3)
        return [(call.caller, call.callee) for call in calls]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_channels_come_in_the_shares_of_the_mix() -> None:
    made = SubscriberTraffic({"call": 0.75, "link": 0.25}, rows=ROWS, listed=0, seed=1)

    counts = Counter(body.channel for body in islice(made, 2000))
    assert 0.7 < counts["call"] / counts.total() < 0.8


def test_a_request_of_one_row_uses_the_unary_method() -> None:
    body = next(SubscriberTraffic({"call": 1.0}, rows=1, listed=0, seed=1))

    call = pb.DecideCallRequest.FromString(body.data[5:]).call
    assert body.path.endswith("/DecideCall")
    assert call.caller.startswith("+8619")
    assert call.trunk == "tg-12"
