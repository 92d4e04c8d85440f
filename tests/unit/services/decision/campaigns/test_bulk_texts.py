"""Texts in bulk are noticed with bounded memory and work."""

import numpy as np
import pytest

from fanzha import fingerprint
from fanzha.fingerprint import Values
from fanzha.text import normalise_all
from services.decision.campaigns import bulk_texts
from services.decision.campaigns.bulk_texts import HALF_LIFE_MS, BulkTexts, Campaign

NOW_MS = 1_767_603_600_000
POINTS = "【示例商城】尊敬的客户，您的积分{}分将于今日过期，请尽快回复本短信兑换现金礼品"


def sketches(*texts: str) -> Values:
    return fingerprint.sketches(normalise_all(texts)).values


def strangers(count: int, seed: int = 7) -> Values:
    values: Values = np.random.default_rng(seed).integers(0, 2**16, (count, 16)).astype(np.uint16)
    return values


def add(bulk: BulkTexts, values: Values, *, now_ms: int = NOW_MS, first: int = 1) -> list[Campaign]:
    rows = len(values)
    return bulk.add(
        values,
        each=64,
        blocked=np.arange(rows) % 2 == 0,
        scores=np.full(rows, 0.25, np.float32),
        senders=np.arange(first, first + rows),
        now_ms=now_ms,
    )


def test_near_duplicates_are_one_campaign() -> None:
    bulk = BulkTexts()

    found = add(bulk, sketches(*[POINTS.format(number) for number in range(10)]))

    (campaign,) = bulk.all()
    assert found == [campaign] * 10
    assert (campaign.texts, campaign.blocked) == (640, 320)
    assert campaign.fingerprint == fingerprint.fingerprint(POINTS.format(0))
    assert 8 <= bulk_texts.senders(campaign.sender_bits) <= 11


def test_counts_fade_by_half_in_an_hour() -> None:
    bulk = BulkTexts()
    add(bulk, sketches(*[POINTS.format(number) for number in range(10)]))

    add(bulk, sketches(POINTS.format(11)), now_ms=NOW_MS + HALF_LIFE_MS)

    (campaign,) = bulk.all()
    assert campaign.texts == pytest.approx(640 / 2 + 64)
    assert (campaign.first_ms, campaign.last_ms) == (NOW_MS, NOW_MS + HALF_LIFE_MS)


def test_a_repeated_text_survives_a_stream_of_single_ones() -> None:
    bulk = BulkTexts(places=64)
    add(bulk, sketches(*[POINTS.format(number) for number in range(20)]))

    for seed in range(20):
        add(bulk, np.concatenate([strangers(50, seed), sketches(POINTS.format(seed))]))

    assert len(bulk.all()) <= 64
    assert max(bulk.all(), key=lambda one: one.texts).texts == 40 * 64


def test_a_full_table_accepts_a_new_text_only_once_old_ones_faded() -> None:
    bulk = BulkTexts(places=16)
    for _ in range(9):
        add(bulk, strangers(16))
    before = {one.fingerprint for one in bulk.all()}

    refused = add(bulk, strangers(1, seed=8))
    for seed in range(9, 30):
        add(bulk, strangers(1, seed=seed))

    assert refused == []
    assert {one.fingerprint for one in bulk.all()} != before


def test_many_senders_are_distinguished_from_one() -> None:
    bulk = BulkTexts()
    add(bulk, sketches(*[POINTS.format(1)] * 500))
    alone = Campaign(fingerprint="", listed=False, first_ms=0, last_ms=0)
    for _ in range(500):
        alone.add(1, blocked=False, score=0.0, sender=7, now_ms=0)

    assert bulk_texts.senders(bulk.all()[0].sender_bits) > 200
    assert bulk_texts.senders(alone.sender_bits) == 1
