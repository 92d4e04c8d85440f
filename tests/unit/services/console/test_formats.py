"""How pages write values, in both languages."""

import pytest

from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2
from services.console.web.formats import ReaderFormats

ENGLISH, CHINESE = ReaderFormats("en"), ReaderFormats("zh")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+8617000000123", "+86 170 0000 0123"),
        ("+86170****0123", "+86 170 **** 0123"),
        ("17000000123", "170 0000 0123"),
        ("+12025550123", "+12025550123"),
        ("96110", "96110"),
        ("Bank", "Bank"),
    ],
)
def test_numbers_are_grouped_for_reading(number: str, written: str) -> None:
    assert ENGLISH.party(number) == written


def test_a_time_that_no_calendar_has_is_the_last_that_it_has() -> None:
    assert ENGLISH.time(2**63 - 1) == "9999-12-31 23:59:59 +08:00"
    assert ENGLISH.iso(2**63 - 1) == "9999-12-31T23:59:59+08:00"


def test_times_are_of_china_and_say_so() -> None:
    assert ENGLISH.time(1_790_000_000_000) == "2026-09-21 22:13:20 +08:00"
    assert ENGLISH.date(1_790_000_000_000) == "21 Sep 2026"
    assert CHINESE.date(1_790_000_000_000) == "2026年9月21日"
    assert ENGLISH.iso(1_790_000_000_000) == "2026-09-21T22:13:20+08:00"
    assert ENGLISH.time(0) == ENGLISH.date(None) == "–"


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (7, "7", "7"),
        (1234, "1.23 k", "1,234"),
        (1_250_000, "1.25 M", "125 万"),
        (3e9, "3 B", "30 亿"),
    ],
)
def test_large_numbers_are_short(value: float, english: str, chinese: str) -> None:
    assert ENGLISH.short_number(value) == english
    assert CHINESE.short_number(value) == chinese


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [(5, "5 s", "5 秒"), (200, "3 min", "3 分钟"), (7300, "2 h", "2 小时"), (3e5, "3 d", "3 天")],
)
def test_durations_have_one_unit(seconds: float, english: str, chinese: str) -> None:
    assert ENGLISH.duration(seconds) == english
    assert CHINESE.duration(seconds) == chinese


def test_words_of_enums_are_translated_and_unknown_values_are_numbers() -> None:
    assert ENGLISH.word(decision_pb2.ACTION_BLOCK, decision_pb2.Action) == "block"
    assert CHINESE.word(decision_pb2.ACTION_BLOCK, decision_pb2.Action) == "拦截"
    assert ENGLISH.word(99, decision_pb2.Action) == "99"
    assert ENGLISH.word(0, decision_pb2.Action) == ""


def test_texts_of_ours_are_translated_where_they_are_written() -> None:
    assert CHINESE.localized(Message("Settings")) == "设置"
    assert CHINESE.listed(["甲", "乙"]) == "甲、乙"
    assert ENGLISH.bytes(1536) == "1.5 KiB"
