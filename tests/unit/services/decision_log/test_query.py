from dataclasses import replace
from pathlib import Path

import pytest

from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.decision_log import explanation, query
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionCount, DecisionQuery
from tests.support.builders import an_entry, some_calls, some_links, some_models, some_texts
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD, SHOP, OTHER = "+8617000000123", "+8617000000321", "+8619900000007"
ANN, BOB = "+8619900000001", "+8619900000002"


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    log = logged(tmp_path, texts=True)
    log.decide(some_calls(FRAUD, OTHER, callees=(ANN, BOB)), an_entry(FRAUD))
    log.decide(some_texts("看 http://a.shop.example/pay/2?t=9 吧", sender="Bank", receiver=ANN))
    log.decide(some_links("http://a.shop.example/pay/1", "http://else.test/", subscriber=BOB))
    return log


def query_of(log: Logged) -> DecisionQuery:
    return DecisionQuery(log.folder, HomePlan())


@pytest.mark.parametrize(
    ("conditions", "channels"),
    [
        ({}, ["CALL", "CALL", "LINK", "LINK", "TEXT"]),
        ({"number": FRAUD}, ["CALL"]),
        ({"number": "017000000123"}, ["CALL"]),
        ({"number": ANN}, ["CALL", "TEXT"]),
        ({"number": "+86170*"}, ["CALL"]),
        ({"number": "+86199*"}, ["CALL", "CALL", "LINK", "LINK", "TEXT"]),
        ({"sender": "bank"}, ["TEXT"]),
        ({"host": "shop.example"}, ["LINK", "TEXT"]),
        ({"host": "hop.example"}, []),
        ({"link": "a.shop.example/pay"}, ["LINK", "TEXT"]),
        ({"link": "http://else.test/"}, ["LINK"]),
        ({"channel": Channel.LINK}, ["LINK", "LINK"]),
        ({"action": Action.BLOCK}, ["CALL"]),
        ({"reason": Reason.BLOCKLISTED}, ["CALL"]),
        ({"number": FRAUD, "action": Action.ALLOW}, []),
        ({"until_ms": NOW_MS}, []),
    ],
)
def test_decisions_are_found_by_each_condition(
    log: Logged, conditions: dict[str, object], channels: list[str]
) -> None:
    wanted = Conditions(since_ms=NOW_MS, **conditions)  # type: ignore[arg-type]

    found = query_of(log).find(wanted)

    assert sorted(row["channel"] for row in found.rows) == channels
    assert (found.total, found.events) == (len(channels), len(channels))


def test_the_newest_come_first_up_to_the_limit(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for hours in (2, 1, 0):
        log.clock.now_ms = NOW_MS - hours * HOUR_MS
        log.decide(some_calls(OTHER, callee=ANN))

    found = query_of(log).find(Conditions(since_ms=NOW_MS - 3 * HOUR_MS, limit=2))

    assert [row["decided_at_ms"] for row in found.rows] == [NOW_MS, NOW_MS - HOUR_MS]
    assert found.total == 3


@pytest.mark.parametrize("conditions", [{"number": "x"}, {"host": "//"}, {"number": "*"}])
def test_an_unreadable_query_is_refused(log: Logged, conditions: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        query_of(log).find(Conditions(since_ms=0, **conditions))  # type: ignore[arg-type]


def test_an_empty_log_has_no_decisions(tmp_path: Path) -> None:
    nothing = DecisionQuery(tmp_path, HomePlan())

    assert nothing.find(Conditions(since_ms=0)).total == 0
    assert nothing.why(7) is None
    assert nothing.stats(0, ["channel"]) == []


def test_one_decision_is_returned_with_its_text(log: Logged) -> None:
    texts = query_of(log).find(Conditions(since_ms=0, channel=Channel.TEXT)).rows
    days: list[tuple[int, int]] = []

    row = query_of(log).why(texts[0]["decision_id"], progress=lambda *done: days.append(done))

    assert row is not None
    assert days == [(0, 1)]
    content = query_of(log).content(int(texts[0]["decision_id"]), NOW_MS)
    assert content is not None
    assert content["body"].startswith("看 http")


def test_counts_are_by_anything_and_weighted(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=5)
    log.decide(some_calls(*[OTHER] * 1000, FRAUD, callee=ANN), an_entry(FRAUD))

    counts = query_of(log).stats(0, ["action", "source"])

    assert [count.values for count in counts] == [("ALLOW", "MODEL"), ("BLOCK", "PROVINCE")]
    assert counts[0].events == pytest.approx(1000, abs=10)
    assert counts[0].rows * 5 == counts[0].events
    assert counts[1] == DecisionCount(values=("BLOCK", "PROVINCE"), rows=1, events=1)


def test_counts_by_hour_are_in_order_of_time(tmp_path: Path) -> None:
    log = logged(tmp_path)
    for hours, calls in ((1, 1), (0, 3)):
        log.clock.now_ms = NOW_MS - hours * HOUR_MS
        log.decide(some_calls(*[OTHER] * calls))

    counts = query_of(log).stats(0, ["hour"])

    assert [(count.values, count.rows) for count in counts] == [
        (("2026-01-05 08:00",), 1),
        (("2026-01-05 09:00",), 3),
    ]


def test_other_columns_cannot_be_counted_by(log: Logged) -> None:
    with pytest.raises(InvalidInput, match="channel, action"):
        query_of(log).stats(0, ["from_key; DROP TABLE x"])


def test_a_torn_segment_is_reported_and_skipped(log: Logged) -> None:
    (path,) = (log.folder / "call").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:200])

    found = query_of(log).find(Conditions(since_ms=NOW_MS))

    assert found.total == 3
    assert [torn.name for torn in found.torn] == [f"{path.name}.torn"]


def test_a_segment_torn_in_the_middle_is_set_aside_and_the_others_answer(log: Logged) -> None:
    (path,) = (log.folder / "call").rglob("*.parquet")
    data = bytearray(path.read_bytes())
    data[4:600] = bytes(596)
    path.write_bytes(data)

    found = query_of(log).find(Conditions(since_ms=NOW_MS))

    assert (found.total, len(found.torn)) == (3, 1)


def test_queries_leave_no_temporary_files(log: Logged) -> None:
    query_of(log).stats(0, ["channel"])

    assert list((log.folder / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "chinese", "english"),
    [
        ("PROTECTED", "受保护", "nothing may block"),
        ("IMPLAUSIBLE", "伪造", "forged"),
        ("FAILED_OPEN", "未能给出评分", "in doubt"),
        ("INVALID", "无法识别", "could not be read"),
        ("SPAM", "垃圾广告", "advertising"),
        ("NEW_ONE", "未知", "does not know"),
    ],
)
def test_each_reason_is_explained_in_two_languages(reason: str, chinese: str, english: str) -> None:
    row = {"channel": "CALL", "action": "ALLOW", "reason": reason, "score": None}

    sentence = explanation.why(row)

    assert chinese in sentence.chinese
    assert english in sentence.english


def test_a_block_by_an_entry_names_entry_and_version(log: Logged) -> None:
    row = query_of(log).find(Conditions(since_ms=0, action=Action.BLOCK)).rows[0]

    sentence = explanation.why(row)

    entry = an_entry(FRAUD).entry_id
    assert sentence.chinese == f"该呼叫已被拦截：主叫号码命中拦截名单条目 {entry}，名单版本 7。"
    assert sentence.english == (
        f"This call was blocked: the caller matched the block entry {entry} of the lists, "
        "version 7."
    )


def test_a_block_by_a_model_names_score_and_threshold(tmp_path: Path) -> None:
    log = logged(tmp_path)
    log.decide(some_texts("转账"), models=some_models(0.97, FraudType.FAKE_LOAN))

    row = query_of(log).find(Conditions(since_ms=0)).rows[0]

    assert explanation.why(row).english == (
        "This text was blocked: the score 0.970 of model test-1 reached the threshold 0.900."
    )


def test_parties_are_written_as_they_called(tmp_path: Path) -> None:
    log = logged(tmp_path)
    log.decide(replace(some_texts("你好", sender="Bank", receiver=ANN), names={0: "Bank"}))
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))

    (text,) = query_of(log).find(Conditions(since_ms=0, channel=Channel.TEXT)).rows
    (call,) = query_of(log).find(Conditions(since_ms=0, number=FRAUD)).rows

    assert (query.party(text, "from"), query.party(text, "to")) == ("Bank", ANN)
    assert (query.party(call, "from"), query.is_blocked(call)) == (FRAUD, True)
