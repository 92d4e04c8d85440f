"""What is counted of listed fingerprints and of texts in bulk."""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest

from blocklists.entries import Entry
from fanzha.decisions import Action
from fanzha.fingerprint import fingerprint
from services.decision.campaigns import store
from services.decision.campaigns.bulk_texts import Campaign
from services.decision.campaigns.counter import Campaigns
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry, some_texts

POINTS = "【示例商城】尊敬的客户，您的积分{}分将于今日过期，请尽快回复本短信兑换现金礼品"
LOAN = "无抵押贷款，凭身份证最快当天到账，额度{}元，利息低，需要请加客服微信详谈办理"
OTHERS = [f"{word}，{word}，明天{word}点见面再说，记得带上{word}" for word in ("早", "晚")]


class Counts:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.hits: Counter[Action] = Counter()
        self.bulk = 0

    def fingerprint_hit(self, action: Action) -> None:
        self.hits[action] += 1

    def bulk_campaign(self) -> None:
        self.bulk += 1


@pytest.fixture
def counts() -> Counts:
    return Counts()


def watching(counts: Counts, *, bulk_texts: int = 100, stride: int = 1) -> Campaigns:
    clock: Iterator[int] = count(NINE_O_CLOCK_S * 1000, 1)
    return Campaigns(
        bulk_texts=bulk_texts, now_ms=lambda: next(clock), counters=counts, stride=stride
    )


def see(watcher: Campaigns, *bodies: str, entries: tuple[Entry, ...] = ()) -> None:
    texts = some_texts(*bodies)
    watcher.observe(texts, an_engine(*entries).decide_texts(texts, NINE_O_CLOCK_S))


def test_every_match_of_a_listed_fingerprint_is_counted(counts: Counts) -> None:
    entry = an_entry(fingerprint(POINTS.format(8200)))
    watcher = watching(counts, stride=1000)

    see(watcher, *[POINTS.format(number) for number in range(7)], LOAN.format(5), entries=(entry,))

    (campaign,) = watcher.top(10)
    assert (campaign.fingerprint, campaign.listed) == (entry.pattern, True)
    assert (campaign.texts, campaign.blocked) == (7, 7)
    assert counts.hits == {Action.BLOCK: 7}
    assert counts.bulk == 0


def test_an_unlisted_bulk_text_is_reported_once_without_its_words(
    counts: Counts, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = watching(counts)

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            see(watcher, *[POINTS.format(number) for number in range(200)], *OTHERS)

    (campaign,) = watcher.top(10)
    assert (campaign.fingerprint, campaign.listed) == (fingerprint(POINTS.format(0)), False)
    assert campaign.texts == pytest.approx(600, rel=1e-3)
    assert counts.bulk == 1
    assert caplog.text.count(campaign.fingerprint) == 1
    assert "积分" not in caplog.text


def test_a_listed_text_is_not_counted_a_second_time_as_bulk(counts: Counts) -> None:
    entry = an_entry(fingerprint(POINTS.format(8200)))
    watcher = watching(counts)

    see(watcher, *[POINTS.format(number) for number in range(300)], entries=(entry,))

    assert [one.listed for one in watcher.top(10)] == [True]
    assert counts.bulk == 0


def test_one_text_in_so_many_counts_for_that_many(counts: Counts) -> None:
    watcher = watching(counts, stride=10)

    for _ in range(100):
        see(watcher, POINTS.format(1), LOAN.format(2), POINTS.format(3))

    found = {one.fingerprint: one.texts for one in watcher.top(10)}
    assert found[fingerprint(POINTS.format(1))] == pytest.approx(200, abs=10)
    assert found[fingerprint(LOAN.format(2))] == pytest.approx(100, abs=10)


def test_short_texts_belong_to_no_campaign(counts: Counts) -> None:
    watcher = watching(counts)

    see(watcher, *["好的"] * 500)

    assert watcher.top(10) == []


def test_listed_fingerprints_that_are_counted_are_bounded(counts: Counts) -> None:
    entries = (an_entry(fingerprint(POINTS.format(1))), an_entry(fingerprint(LOAN.format(1))))
    watcher = Campaigns(bulk_texts=100, now_ms=lambda: 1, counters=counts, listed=1)

    see(watcher, POINTS.format(1), POINTS.format(1), LOAN.format(1), entries=entries)

    assert [one.fingerprint for one in watcher.top(10)] == [fingerprint(LOAN.format(1))]
    assert counts.hits == {Action.BLOCK: 3}


def told(text: str, texts: float, *, listed: bool = False, at_ms: int = 5) -> Campaign:
    return Campaign(
        fingerprint=fingerprint(text), listed=listed, texts=texts, first_ms=at_ms, last_ms=at_ms
    )


def test_texts_of_several_workers_form_one_campaign() -> None:
    found = store.together(
        [
            told(POINTS.format(1), 300, at_ms=9),
            told(LOAN.format(7), 400),
            told(POINTS.format(22222), 200, at_ms=3),
        ]
    )

    assert [one.texts for one in found] == [500, 400]
    assert (found[0].first_ms, found[0].last_ms) == (3, 9)


def test_a_bulk_text_listed_later_is_counted_by_its_entry_and_entries_stay_separate() -> None:
    found = store.together(
        [
            told(POINTS.format(1), 300),
            told(POINTS.format(22222), 200, listed=True),
            told(POINTS.format(22222), 60, listed=True),
            told(POINTS.format(1), 50, listed=True),
        ]
    )

    assert all(one.listed for one in found)
    assert sum(one.texts for one in found) == 610
    assert len(found) == 2
