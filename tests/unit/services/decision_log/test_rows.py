from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from blocklists.entries import EntryMode
from fanzha.decisions import Action, Reason
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Attestation, CallerActivity, Ingress
from services.decision.carriers.policy_document import read_policies
from services.decision.evidence import BatchContext
from services.decision.observer import Observer
from services.decision_log import schema
from services.decision_log.handsets.handset_hash import HandsetHash
from services.decision_log.watchlist import Watchlist
from tests.support.builders import NINE_O_CLOCK_S as NOW_S
from tests.support.builders import (
    a_velocity_stage,
    an_engine,
    an_entry,
    broken_models,
    some_calls,
    some_links,
    some_models,
    some_texts,
)
from tests.support.decision_logs import NOW_MS, Logged, logged

FRAUD, SHOP, OTHER = "+8617000000123", "+8617000000321", "+8619900000007"
ANN = "+8619900000001"


def rows(log: Logged, channel: str = "call") -> list[dict[str, Any]]:
    """Read what was logged."""
    return [row for path in paths(log, channel) for row in pq.read_table(path).to_pylist()]


def paths(log: Logged, channel: str) -> list[Path]:
    return sorted((log.folder / channel).rglob("*.parquet"))


BLOCKED_ROW: dict[str, object] = {
    "decision_id": 100,
    "channel": "CALL",
    "decided_at_ms": NOW_MS,
    "occurred_at_ms": NOW_MS,
    "from_key": 8617000000123,
    "to_key": 8619900000001,
    "from_name": None,
    "host": None,
    "url": None,
    "hosts": None,
    "action": "BLOCK",
    "reason": "BLOCKLISTED",
    "score": None,
    "threshold": None,
    "fraud_type": "FAKE_LOAN",
    "pattern": FRAUD,
    "source": "PROVINCE",
    "evidence": "CALLER",
    "monitored": False,
    "policy_version": 0,
    "carrier": None,
    "would_block_entry_id": None,
    "would_block_pattern": None,
    "list_version": 7,
    "model_version": "test-1",
    "link_score": None,
    "related_entity": None,
    "related_evidence": None,
    "related_to": None,
    "related_since_ms": None,
    "velocity_score": None,
    "velocity_version": None,
    "ingress": "INTERNATIONAL",
    "attestation": "GATEWAY",
    "weight": 1,
    "trunk": "gw-7",
    "rules_held": "blocklisted,implausible",
    "settings": "block_implausible_callers=true block_spam=false "
    "unregistered_senders=label velocity_action=off sender_history_action=off "
    "host_facts_action=review",
    "link_version": None,
    "velocity_threshold": None,
    "caller_activity": pytest.approx([1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], abs=0.01),
    "velocity_inputs": None,
    "sender_history": None,
    "host_facts": None,
    "handset_hash": None,
}
"""A row of `test_a_block_is_logged_with_its_evidence`, without the id of its entry."""


def test_a_block_is_logged_with_its_evidence(tmp_path: Path) -> None:
    log = logged(tmp_path)
    entry = an_entry(FRAUD, fraud_type=FraudType.FAKE_LOAN)
    calls = some_calls(
        FRAUD,
        callee=ANN,
        ingress=Ingress.INTERNATIONAL,
        attestation=Attestation.GATEWAY,
        trunk="gw-7",
    )

    log.decide(calls, entry)

    (row,) = rows(log)
    assert row | {"score": None, "threshold": None} == BLOCKED_ROW | {"entry_id": entry.entry_id}


def test_of_handsets_a_keyed_hash_is_logged_with_their_own_rows(tmp_path: Path) -> None:
    hashes = HandsetHash(b"k" * 32)
    log = logged(tmp_path, allowed_one_in=0, handsets=hashes)
    sent = ["35209900000001", "", "35209900000003", "xy" * 32]
    calls = replace(some_calls(OTHER, FRAUD, FRAUD, FRAUD, callee=ANN), handset_texts=sent)

    log.decide(calls, an_entry(FRAUD))
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    log.decide(some_texts("hello", sender=FRAUD), an_entry(FRAUD))

    found = [row["handset_hash"] for row in rows(log)]
    assert found == [None, *map(int, hashes.of(sent[2:])), None]
    assert [row["handset_hash"] for row in rows(log, "text")] == [None]


def test_nothing_is_logged_of_handsets_unless_told_to(tmp_path: Path) -> None:
    log = logged(tmp_path)

    log.decide(replace(some_calls(FRAUD, callee=ANN), handset_texts=["35209900000001"]))

    assert [row["handset_hash"] for row in rows(log)] == [None]


def test_activity_is_logged_of_callers_that_may_need_an_explanation(tmp_path: Path) -> None:
    log = logged(tmp_path)

    log.decide(some_calls(OTHER, FRAUD, OTHER, FRAUD, callee=ANN), an_entry(FRAUD))
    log.decide(some_calls(OTHER, callee=ANN), models=some_models(0.44))
    log.decide(some_calls(OTHER, callee=ANN), models=some_models(0.46))
    log.decide(some_calls(OTHER, callee=ANN), models=broken_models())

    attempts = [row["caller_activity"] and row["caller_activity"][0] for row in rows(log)]
    assert [made and round(made) for made in attempts] == [None, 2, None, 2, None, 1, None]


def test_the_fields_of_activity_are_those_of_the_table() -> None:
    assert [field.name for field in fields(CallerActivity)] == list(schema.ACTIVITY)


def test_all_rules_that_held_are_logged_and_the_first_decided(tmp_path: Path) -> None:
    log = logged(tmp_path)

    log.decide(
        some_calls(FRAUD, OTHER, FRAUD, callees=(ANN, ANN, "110")),
        an_entry(FRAUD),
        models=some_models(0.99),
    )

    assert [(row["reason"], row["rules_held"]) for row in rows(log)] == [
        ("BLOCKLISTED", "blocklisted,scored"),
        ("SCORED", "scored"),
        ("PROTECTED", "protected,blocklisted,scored"),
    ]


def test_texts_are_logged_with_hosts_and_names_and_without_words(tmp_path: Path) -> None:
    log = logged(tmp_path)

    log.decide(some_texts("看 http://a.shop.example/x?t=1 和 http://b.example/", sender="Bank"))

    (row,) = rows(log, "text")
    assert (row["hosts"], row["url"]) == (["a.shop.example", "b.example"], None)
    assert not paths(log, "text_content")


def test_contents_of_texts_are_logged_in_separate_files(tmp_path: Path) -> None:
    log = logged(tmp_path, texts=True)

    log.decide(some_texts("看 http://a.shop.example/x 吧", "你好 \ud83d"))

    assert [(row["body"], row["urls"]) for row in rows(log, "text_content")] == [
        ("看 http://a.shop.example/x 吧", ["http://a.shop.example/x"]),
        ("你好 ?", []),
    ]
    assert "body" not in rows(log, "text")[0]


def test_links_have_host_and_url(tmp_path: Path) -> None:
    log = logged(tmp_path)

    log.decide(some_links("http://a.shop.example/x?t=1", subscriber=ANN))

    (row,) = rows(log, "link")
    assert (row["host"], row["url"]) == ("a.shop.example", "http://a.shop.example/x?t=1")
    assert (row["from_key"], row["to_key"]) == (0, 8619900000001)


@pytest.mark.parametrize("one_in", [3, 100, 1000])
def test_one_in_n_allowed_rows_is_logged(tmp_path: Path, one_in: int) -> None:
    log = logged(tmp_path, allowed_one_in=one_in)

    log.decide(some_calls(*[OTHER] * 4000))

    found = rows(log)
    assert len(found) == pytest.approx(4000 / one_in, abs=2)
    assert {row["weight"] for row in found} == {one_in}


def test_the_same_decision_ids_are_picked_each_time(tmp_path: Path) -> None:
    first, second = (logged(tmp_path / name, allowed_one_in=7) for name in "ab")

    for log in (first, second):
        log.decide(some_calls(*[OTHER] * 100))

    assert rows(first) == rows(second)


def test_no_allowed_row_is_logged_where_sampling_is_off(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=0)

    log.decide(some_calls(FRAUD, OTHER), an_entry(FRAUD))

    assert [row["action"] for row in rows(log)] == ["BLOCK"]


def test_blocks_are_all_logged_whatever_the_reason(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=0)

    abroad = Ingress.INTERNATIONAL
    log.decide(some_calls(FRAUD, OTHER, callee=ANN, ingress=abroad), an_entry(FRAUD))
    log.decide(some_calls(*[OTHER] * 5), models=some_models(0.99))
    log.decide(some_texts("转账"), models=some_models(0.99, FraudType.FAKE_LOAN))

    assert [row["reason"] for row in rows(log)] == [
        *("BLOCKLISTED", "IMPLAUSIBLE"),
        *["SCORED"] * 5,
    ]
    assert [row["fraud_type"] for row in rows(log, "text")] == ["FAKE_LOAN"]


def test_marked_calls_are_all_logged_with_their_velocity_score(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=0)
    engine = an_engine(
        velocity=a_velocity_stage(0.99),
        observer=Observer(callers_active=log.log.callers_active, decided=log.log.decided),
    )

    for _ in range(40):
        engine.decide_calls(some_calls(FRAUD, callee=ANN), NOW_S)
    log.log.writer.flush()

    found = rows(log)
    assert {(row["action"], row["reason"]) for row in found} == {("ALLOW", "VELOCITY")}
    assert {round(float(str(row["velocity_score"])), 2) for row in found} == {0.99}
    assert {row["velocity_version"] for row in found} == {"test-1"}
    assert {round(float(str(row["velocity_threshold"])), 2) for row in found} == {0.9}
    assert all(dict(row["velocity_inputs"])["attempts_hour"] > 1 for row in found)
    assert all(row["caller_activity"] for row in found)


def test_rows_let_through_for_other_reasons_are_sampled(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=10)

    log.decide(some_calls(*[SHOP] * 300), an_entry(SHOP, Action.ALLOW))
    log.decide(some_calls(*[OTHER] * 300, callee="110"))
    log.decide(some_calls(*[OTHER] * 300), models=broken_models())

    found = rows(log)
    counted = {
        reason: sum(row["reason"] == reason for row in found) for reason in Reason._member_names_
    }
    assert {name for name, count in counted.items() if count} == {
        *("ALLOWLISTED", "PROTECTED", "FAILED_OPEN")
    }
    assert all(25 <= count <= 35 for count in counted.values() if count)


def test_all_rows_that_a_shadow_entry_would_block_are_logged(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=0)
    shadow = replace(an_entry(FRAUD), mode=EntryMode.SHADOW)

    log.decide(some_calls(FRAUD, OTHER, callee=ANN), shadow)

    (row,) = rows(log)
    assert (row["action"], row["weight"]) == ("ALLOW", 1)
    assert (row["would_block_entry_id"], row["would_block_pattern"]) == (shadow.entry_id, FRAUD)


def test_watched_numbers_are_all_logged_and_stand_for_themselves(tmp_path: Path) -> None:
    watched = tmp_path / "watched.txt"
    watched.write_text(f"# a case\n{SHOP}  # the shop\n\n")
    log = logged(tmp_path / "log", allowed_one_in=0, watched=watched)
    log.log.start()

    log.decide(some_calls(SHOP, OTHER, OTHER, callees=(ANN, SHOP, ANN)))
    log.log.close(10)

    assert [(row["from_key"], row["weight"]) for row in rows(log)] == [
        (8617000000321, 1),
        (8619900000007, 1),
    ]


def test_watched_numbers_are_reloaded_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "watched.txt"
    watched = Watchlist(file, HomePlan())
    unknown = len(watched)

    file.write_text(f"{SHOP}\n12\n{ANN}\n")
    watched.refresh()
    two = len(watched)
    file.unlink()
    watched.refresh()

    assert (unknown, two, len(watched)) == (0, 2, 0)


def test_an_entry_in_a_row_that_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    log = logged(tmp_path)
    calls = some_calls("?", callee=ANN)
    calls = type(calls)(
        **{name: getattr(calls, name) for name in calls.__slots__ if name != "errors"},
        errors={0: "caller: cannot be read: 'secret'"},
    )

    log.decide(calls)

    (row,) = rows(log)
    assert (row["reason"], row["from_key"]) == ("INVALID", 0)
    assert "secret" not in str(row)


def test_ends_of_a_pair_are_all_logged_or_none(tmp_path: Path) -> None:
    log = logged(tmp_path, ends_one_in=4)
    numbers = [f"+86170{number:08}" for number in range(400)]

    log.ends(*((number, ANN, 60) for number in numbers))
    log.ends(*((ANN, number, 60) for number in numbers))

    found = rows(log, "call_ends")
    there = {row["caller_key"] for row in found if row["callee_key"] == 8619900000001}
    back = {row["callee_key"] for row in found if row["caller_key"] == 8619900000001}
    assert there == back
    assert len(there) == pytest.approx(100, abs=20)
    assert {row["weight"] for row in found} == {4}
    assert all(row["answered"] for row in found)


def test_rows_let_through_by_monitor_mode_are_all_logged_with_their_carrier(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=0)
    policies = read_policies('[carrier.watch.call]\nmode = "monitor"\nthreshold = 0.7\n')
    engine = an_engine(
        an_entry(FRAUD),
        observer=Observer(decided=log.log.decided),
        policies=policies,
    )

    context = BatchContext(carriers=[("watch", 2), ("", 1), ("other", 1)])
    engine.decide_calls(some_calls(SHOP, FRAUD, FRAUD, FRAUD, callee=ANN), NOW_S, context)
    log.log.writer.flush()

    found = [
        (row["action"], row["reason"], row["monitored"], row["carrier"], row["threshold"])
        for row in rows(log)
    ]
    assert found == [
        ("ALLOW", "BLOCKLISTED", True, "watch", pytest.approx(0.7)),
        ("BLOCK", "BLOCKLISTED", False, None, pytest.approx(0.9)),
        ("BLOCK", "BLOCKLISTED", False, "other", pytest.approx(0.9)),
    ]
