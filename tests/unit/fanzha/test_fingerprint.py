"""Near-duplicates share a fingerprint, others do not, and batches change nothing."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha import fingerprint
from fanzha.fingerprint import BANDS, NEAR, VALUES, BatchSketches
from fanzha.text import normalise_all

POINTS = (
    "【示例银行】尊敬的客户，您的积分{points}分将于今日过期，可兑换现金{money}元，"
    "请登录 {link} 领取，逾期作废"
)
FIRST = POINTS.format(points="8200", money="820", link="http://bank-a.example/jf")
SECOND = POINTS.format(points="9850", money="985", link="https://points.test/x?id=7")
PARCEL = "您的快递因地址不详无法派送，请在24小时内到驿站联系工作人员更新收件信息，谢谢配合"
ENGLISH = "Dear customer, your Example Bank account is on hold. Confirm your details at {} today"

texts = st.text(st.sampled_from("积分兑换现金abc def12 ，.\ue000\x00"), max_size=40)


def equal(first: str, second: str) -> int:
    values, known = fingerprint.sketches(normalise_all([first, second]))
    assert known.all()
    return int(fingerprint.equal_values(values[:1], values[1:])[0])


def naive(text: str) -> list[int] | None:
    """Sketch one normalised text, step by step."""
    found: dict[int, int] = {}
    for start in range(len(text) - 2):
        if "\x00" in text[start : start + 3]:
            continue
        value = 0
        for letter in text[start : start + 3]:
            value = (value * 0x01000193 + ord(letter)) % 2**32
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
            value = (value ^ value >> shift) * factor % 2**32
        found[value >> 28] = min(value, found.get(value >> 28, 2**32))
    if len(found) < fingerprint.FEWEST:
        return None
    steps = [next(n for n in range(16) if (place + n) % 16 in found) for place in range(16)]
    return [found[(place + step) % 16] % 2**16 for place, step in enumerate(steps)]


def test_numbers_links_and_points_do_not_change_a_fingerprint() -> None:
    assert fingerprint.fingerprint(FIRST) == fingerprint.fingerprint(SECOND) != ""
    assert fingerprint.fingerprint(FIRST) == fingerprint.fingerprint(FIRST.replace("，", " "))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, FIRST.replace("示例银行", "样品银行")),
        (FIRST, FIRST.replace("尊敬的", "")),
        (FIRST, FIRST + "退订回T"),
        (PARCEL, PARCEL.replace("谢谢", "感谢")),
        (ENGLISH.format("a.example"), ENGLISH.format("b.test").replace("today", "now")),
    ],
)
def test_near_duplicates_share_most_values(first: str, second: str) -> None:
    assert equal(first, second) >= NEAR


@pytest.mark.parametrize(
    "other",
    [
        PARCEL,
        ENGLISH.format("a.example"),
        "【示例银行】您尾号0123的账户于今日支出820元，余额8200元，如非本人操作请致电客服",
    ],
)
def test_other_texts_share_few_values(other: str) -> None:
    assert equal(FIRST, other) < NEAR / 2


@pytest.mark.parametrize("text", ["", "ok", "see you at 8", "哈" * 300, "http://a.example/b"])
def test_common_short_texts_have_no_fingerprint(text: str) -> None:
    assert fingerprint.fingerprint(text) == ""


def test_a_fingerprint_is_written_and_read_back() -> None:
    written = [fingerprint.fingerprint(text) for text in (FIRST, PARCEL)]

    values = fingerprint.read(written)

    assert all(map(fingerprint.is_fingerprint, written))
    np.testing.assert_array_equal(
        values, fingerprint.sketches(normalise_all([FIRST, PARCEL])).values
    )
    assert fingerprint.read([]).shape == (0, VALUES)


def test_fingerprints_of_edition_1_are_stable() -> None:
    """Entries are stored as fingerprints: whoever alters these must count `fp1` up."""
    assert fingerprint.fingerprint("see you at eight tomorrow, and bring the red umbrella") == (
        "fp1:9bfa37fad7fd1406a63ecd20fb8bcd820ee67c0cd0742b93f6130eec6ce2ee19"
    )


@pytest.mark.parametrize("text", ["", "fp1:", "fp2:" + "0" * 64, "fp1:" + "G" * 64, PARCEL])
def test_ordinary_texts_are_not_read_as_fingerprints(text: str) -> None:
    assert not fingerprint.is_fingerprint(text)


def test_a_fingerprint_contains_no_letter_of_its_text() -> None:
    assert re.fullmatch("fp1:[0-9a-f]{64}", fingerprint.fingerprint(PARCEL))


@given(st.lists(texts, max_size=5))
def test_a_batch_sketches_as_each_text_alone(batch: list[str]) -> None:
    values, known = fingerprint.sketches(batch)

    alone = [naive(text) for text in batch]

    assert known.tolist() == [one is not None for one in alone]
    for row, one in enumerate(alone):
        assert one is None or values[row].tolist() == one


@settings(deadline=None)  # the first text loads the tables of the normaliser
@given(st.text(max_size=60))
def test_any_text_has_a_written_fingerprint_or_none(text: str) -> None:
    written = fingerprint.fingerprint(text)
    assert written == "" or fingerprint.is_fingerprint(written)


@given(st.lists(st.integers(0, 3), min_size=VALUES, max_size=VALUES))
def test_sketches_share_a_band_key_exactly_where_a_pair_is_equal(values: list[int]) -> None:
    one, other = np.array([values], np.uint16), np.ones((1, VALUES), np.uint16)

    shared = (fingerprint.band_keys(one) == fingerprint.band_keys(other))[0].tolist()

    assert shared == [values[2 * n : 2 * n + 2] == [1, 1] for n in range(BANDS)]
    assert len(set(fingerprint.band_keys(other)[0].tolist())) == BANDS


BODIES = (FIRST, SECOND, PARCEL, "见面吧", "", ENGLISH)


@given(st.lists(st.lists(st.integers(0, len(BODIES) - 1), max_size=4), max_size=4))
@settings(max_examples=60)
def test_sketches_of_a_batch_are_the_same_in_whatever_order_they_are_made(
    steps: list[list[int]],
) -> None:
    whole, batch = fingerprint.sketches(normalise_all(BODIES)), BatchSketches(BODIES)

    for rows in steps:
        values, known = batch.of(np.array(rows, np.int64))
        assert known.tolist() == whole.known[rows].tolist()
        assert (values[known] == whole.values[rows][known]).all()
    later = BatchSketches.of_pending(batch.pending(range(len(BODIES))))

    assert batch.written() == later.written() == [fingerprint.fingerprint(one) for one in BODIES]


def test_a_sketch_that_is_made_keeps_no_text() -> None:
    batch = BatchSketches([FIRST, PARCEL])
    batch.of(np.array([0]))

    assert [one.body for one in batch.pending([0, 1])] == ["", PARCEL]


def test_texts_that_are_normalised_already_have_the_same_sketches() -> None:
    written = [fingerprint.fingerprint(one) for one in BODIES]
    raw, batch = BatchSketches(BODIES), BatchSketches(BODIES)
    batch.normalised(normalise_all(BODIES))

    pending = [(batch if row % 2 else raw).pending([row])[0] for row in range(len(BODIES))]

    assert [one.is_normal for one in pending] == [False, True] * 3
    assert pending[1].body == normalise_all([SECOND])[0] != SECOND
    assert BatchSketches.of_pending(pending).written() == written
    assert batch.written() == written


def test_written_fingerprints_are_a_batch_of_sketches() -> None:
    written = [fingerprint.fingerprint(FIRST), fingerprint.fingerprint(PARCEL)]

    assert BatchSketches.of_written(written).written() == written
