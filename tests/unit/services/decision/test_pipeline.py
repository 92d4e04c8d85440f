"""Which evidence decides on calls, texts and links."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from blocklists.entries import Direction
from blocklists.snapshot.snapshot import Snapshot
from classifiers.caller.activity import ActivityTable
from fanzha.decisions import Action, Decisions, MatchedOn, Reason
from fanzha.fingerprint import fingerprint
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Calls, Channel, Float32s, Ingress
from services.decision.decision_rules import DecisionRules
from services.decision.observer import Observer, Table
from services.decision.pipeline import DecisionPipeline
from tests.support.builders import (
    NINE_O_CLOCK_S,
    FixedScore,
    an_engine,
    an_entry,
    broken_models,
    some_calls,
    some_links,
    some_models,
    some_texts,
)
from tests.support.log_records import logged_by

LISTED = "+8617012345678"
OTHER = "+8619900000001"
POINTS = "【示例商城】尊敬的客户，您的积分8200分将于今日过期，请尽快回复本短信兑换现金礼品"
EXPIRED = datetime(2026, 1, 5, 8, tzinfo=UTC)


def rulings(decisions: Decisions) -> list[tuple[Action, Reason]]:
    pairs = zip(decisions.actions.tolist(), decisions.reasons.tolist(), strict=True)
    return [(Action(action), Reason(reason)) for action, reason in pairs]


def on_calls(engine: DecisionPipeline, calls: Calls) -> list[tuple[Action, Reason]]:
    return rulings(engine.decide_calls(calls, NINE_O_CLOCK_S))


BLOCKED = (Action.BLOCK, Reason.BLOCKLISTED)
ALLOWED = (Action.ALLOW, Reason.ALLOWLISTED)
SCORED = (Action.ALLOW, Reason.SCORED)


def test_each_call_of_a_batch_is_decided_on_its_own() -> None:
    engine = an_engine(an_entry(LISTED), an_entry("+86171*", Action.ALLOW))

    found = on_calls(engine, some_calls(OTHER, LISTED, "+8617112345678"))

    assert found == [SCORED, BLOCKED, ALLOWED]


def test_a_hit_names_its_entry_and_the_version_of_the_list() -> None:
    entry = an_entry(LISTED, fraud_type=FraudType.FAKE_LOAN)

    decisions = an_engine(entry).decide_calls(some_calls(OTHER, LISTED), NINE_O_CLOCK_S)

    assert list(decisions.details) == [1]
    detail = decisions.details[1]
    assert (detail.entry_id, detail.pattern) == (entry.entry_id, LISTED)
    assert (detail.matched_on, detail.fraud_type) == (MatchedOn.CALLER, FraudType.FAKE_LOAN)
    assert (detail.source, detail.legal_basis) == (entry.source, entry.legal_basis)
    assert decisions.list_version == 7
    assert decisions.entries.tolist()[0] == -1


def test_a_victim_does_not_call_a_fraudster_back() -> None:
    engine = an_engine(an_entry(LISTED, direction=Direction.TO))

    decisions = engine.decide_calls(some_calls(OTHER, callee=LISTED), NINE_O_CLOCK_S)

    assert rulings(decisions) == [BLOCKED]
    assert decisions.details[0].matched_on == MatchedOn.CALLEE
    assert on_calls(engine, some_calls(LISTED)) == [SCORED]


def test_an_expired_entry_stops_acting_without_a_change() -> None:
    engine = an_engine(an_entry(LISTED, expires_at=EXPIRED), an_entry("+86170*"))

    decisions = engine.decide_calls(some_calls(LISTED), NINE_O_CLOCK_S)

    assert decisions.details[0].pattern == "+86170*"


@pytest.mark.parametrize(
    ("caller_entry", "callee_entry", "expected"),
    [
        ((LISTED, Action.BLOCK), (OTHER, Action.ALLOW), ALLOWED),
        ((LISTED, Action.ALLOW), (OTHER, Action.BLOCK), ALLOWED),
        (("+86170*", Action.ALLOW), (OTHER, Action.BLOCK), BLOCKED),
        (("+86170*", Action.BLOCK), (OTHER, Action.ALLOW), ALLOWED),
        ((LISTED, Action.BLOCK), ("+86199*", Action.ALLOW), BLOCKED),
    ],
)
def test_of_two_parties_the_more_specific_entry_decides_and_allow_at_equal_specificity(
    caller_entry: tuple[str, Action],
    callee_entry: tuple[str, Action],
    expected: tuple[Action, Reason],
) -> None:
    engine = an_engine(an_entry(*caller_entry), an_entry(*callee_entry))

    assert on_calls(engine, some_calls(LISTED, callee=OTHER)) == [expected]


@pytest.mark.parametrize(("score", "action"), [(0.89, Action.ALLOW), (0.9, Action.BLOCK)])
def test_the_score_is_compared_with_the_threshold(score: float, action: Action) -> None:
    engine = an_engine(models=some_models(score, FraudType.FAKE_CREDIT))
    texts = engine.decide_texts(some_texts("hello"), NINE_O_CLOCK_S)
    links = engine.decide_links(some_links("http://x.example/"), NINE_O_CLOCK_S)

    assert on_calls(engine, some_calls(OTHER)) == [(action, Reason.SCORED)]
    assert rulings(texts) == rulings(links) == [(action, Reason.SCORED)]
    kinds = [detail.fraud_type for detail in texts.details.values()]
    assert kinds == ([FraudType.FAKE_CREDIT] if action is Action.BLOCK else [])


def test_a_broken_model_lets_traffic_through_is_counted_and_leaves_the_lists_alone() -> None:
    failed: list[Channel] = []
    engine = an_engine(
        an_entry(LISTED),
        an_entry("evil.example"),
        models=broken_models(),
        observer=Observer(model_failed=failed.append),
    )
    open_, blocked = (Action.ALLOW, Reason.FAILED_OPEN), BLOCKED

    calls = engine.decide_calls(some_calls(OTHER, LISTED), NINE_O_CLOCK_S)
    texts = engine.decide_texts(some_texts("hi", "evil.example/a"), NINE_O_CLOCK_S)
    links = engine.decide_links(
        some_links("http://x.example/", "http://evil.example/"), NINE_O_CLOCK_S
    )

    assert rulings(calls) == rulings(texts) == rulings(links) == [open_, blocked]
    assert failed == [Channel.CALL, Channel.TEXT, Channel.LINK]
    assert np.isnan(calls.scores).all()


@pytest.mark.parametrize("callee", ["110", "+86110", "12345", "96110", "95588", "10086", "119"])
def test_a_call_to_a_protected_number_is_never_blocked(callee: str) -> None:
    engine = an_engine(an_entry(LISTED), models=some_models(1.0))

    found = on_calls(engine, some_calls(LISTED, callee=callee))

    assert found == [(Action.ALLOW, Reason.PROTECTED)]


def test_a_protected_caller_from_abroad_is_a_forgery() -> None:
    engine = an_engine()

    at_home = on_calls(engine, some_calls("110"))
    forged = on_calls(engine, some_calls("110", "+86110", ingress=Ingress.INTERNATIONAL))

    assert at_home == [(Action.ALLOW, Reason.PROTECTED)]
    assert forged == [(Action.BLOCK, Reason.IMPLAUSIBLE)] * 2


def test_a_domestic_number_from_abroad_needs_full_attestation() -> None:
    engine = an_engine()
    abroad = {"ingress": Ingress.INTERNATIONAL}

    without = on_calls(engine, some_calls(OTHER, **abroad))  # type: ignore[arg-type]
    with_it = on_calls(engine, some_calls(OTHER, attestation=Attestation.FULL, **abroad))  # type: ignore[arg-type]

    assert without == [(Action.BLOCK, Reason.IMPLAUSIBLE)]
    assert with_it == [SCORED]


def test_implausible_callers_can_be_let_through_by_setting() -> None:
    engine = an_engine(rules=DecisionRules(block_implausible_callers=False))

    assert on_calls(engine, some_calls(OTHER, ingress=Ingress.INTERNATIONAL)) == [SCORED]


def test_a_blocked_link_blocks_its_text_for_any_sender() -> None:
    engine = an_engine(
        an_entry("evil.example"),
        an_entry("good.example", Action.ALLOW),
        an_entry(OTHER, Action.ALLOW),
    )
    bodies = ["see http://good.example/ and evil.example/x", "see http://good.example/", "hello"]

    decisions = engine.decide_texts(some_texts(*bodies, sender=OTHER), NINE_O_CLOCK_S)

    assert rulings(decisions) == [BLOCKED, ALLOWED, ALLOWED]
    assert decisions.details[0].pattern == "evil.example"
    assert decisions.details[0].matched_on == MatchedOn.LINK


def test_an_allowed_link_vouches_for_itself_only() -> None:
    engine = an_engine(an_entry("good.example", Action.ALLOW), models=some_models(1.0))

    texts = engine.decide_texts(some_texts("see http://good.example/"), NINE_O_CLOCK_S)
    links = engine.decide_links(some_links("http://good.example/"), NINE_O_CLOCK_S)

    assert rulings(texts) == [(Action.BLOCK, Reason.SCORED)]
    assert rulings(links) == [ALLOWED]


def test_a_near_duplicate_of_a_blocked_text_is_blocked_for_any_sender() -> None:
    entry = an_entry(fingerprint(POINTS), fraud_type=FraudType.FAKE_SHOPPING)
    engine = an_engine(entry, an_entry(OTHER, Action.ALLOW))

    decisions = engine.decide_texts(
        some_texts(POINTS.replace("8200", "77"), "hello", sender=OTHER), NINE_O_CLOCK_S
    )

    assert rulings(decisions) == [BLOCKED, ALLOWED]
    detail = decisions.details[0]
    assert (detail.matched_on, detail.pattern) == (MatchedOn.TEXT, entry.pattern)
    assert (detail.entry_id, detail.fraud_type) == (entry.entry_id, FraudType.FAKE_SHOPPING)


def test_an_allowed_template_passes_the_model_but_no_link_of_its_own() -> None:
    engine = an_engine(
        an_entry(fingerprint(POINTS), Action.ALLOW),
        an_entry("good.example", Action.ALLOW),
        an_entry("evil.example"),
        models=some_models(1.0),
    )
    links = ["", " http://good.example/", " http://other.example/", " http://evil.example/"]

    decisions = engine.decide_texts(some_texts(*[POINTS + link for link in links]), NINE_O_CLOCK_S)

    assert rulings(decisions) == [ALLOWED, ALLOWED, (Action.BLOCK, Reason.SCORED), BLOCKED]


def test_a_sender_is_listed_by_name() -> None:
    engine = an_engine(an_entry("EvilBank"))

    decisions = engine.decide_texts(some_texts("hi", sender="evilbank"), NINE_O_CLOCK_S)

    assert rulings(decisions) == [BLOCKED]
    assert decisions.details[0].matched_on == MatchedOn.SENDER


def test_government_sites_are_protected_from_models() -> None:
    engine = an_engine(models=some_models(1.0))

    links = engine.decide_links(
        some_links("http://www.gov.cn/", "http://gov.cn.example/"), NINE_O_CLOCK_S
    )

    assert rulings(links) == [(Action.ALLOW, Reason.PROTECTED), (Action.BLOCK, Reason.SCORED)]


def test_a_row_that_cannot_be_read_fails_no_other() -> None:
    calls = some_calls("", LISTED)
    broken = Calls(
        **{name: getattr(calls, name) for name in calls.__dataclass_fields__ if name != "errors"},
        errors={0: "caller: empty"},
    )

    decisions = an_engine(an_entry(LISTED)).decide_calls(broken, NINE_O_CLOCK_S)

    assert rulings(decisions) == [(Action.ALLOW, Reason.INVALID), BLOCKED]
    assert decisions.details[0].error == "caller: empty"


def test_the_observer_is_called_for_every_batch() -> None:
    heard: list[tuple[Channel, int]] = []

    def decided(channel: Channel, table: Table, decisions: Decisions) -> None:
        heard.append((channel, len(decisions)))

    engine = an_engine(observer=Observer(decided=decided))
    engine.decide_calls(some_calls(OTHER, LISTED), NINE_O_CLOCK_S)
    engine.decide_links(some_links("http://x.example/"), NINE_O_CLOCK_S)

    assert heard == [(Channel.CALL, 2), (Channel.LINK, 1)]


def test_a_broken_model_is_logged_once_without_quoting_a_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Quoting(FixedScore):
        def score(self, rows: object, facts: object = None) -> Float32s:
            raise RuntimeError(f"cannot score {rows}")

    models = broken_models()
    engine = an_engine(models=replace(models, text=Quoting()))  # type: ignore[arg-type]

    for _ in range(3):
        engine.decide_texts(some_texts("a secret message"), NINE_O_CLOCK_S)

    messages = [record.getMessage() for record in logged_by(caplog, "services.decision")]
    assert len(messages) == 1
    assert "RuntimeError" in messages[0]
    assert "secret" not in caplog.text


def test_a_recovered_model_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    heard = [broken_models(), some_models(), some_models()]
    snapshot = Snapshot.empty()
    engine = DecisionPipeline(
        current_snapshot=lambda: snapshot,
        current_models=lambda: heard.pop(0),
        activity=ActivityTable(slots=1024),
        rules=DecisionRules(),
        observer=Observer(),
        reserve_ids=lambda _rows: 1,
    )

    for _ in range(3):
        engine.decide_calls(some_calls(OTHER), NINE_O_CLOCK_S)

    messages = [record.getMessage() for record in logged_by(caplog, "services.decision")]
    assert [line.split(":")[0] for line in messages] == [
        "the call model fails; it is only counted from now on",
        "the call model scores again",
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (DecisionRules(), SCORED),
        (DecisionRules(block_spam=True), (Action.BLOCK, Reason.SPAM)),
        (DecisionRules(block_spam=True, spam_threshold=0.95), SCORED),
        (DecisionRules(spam_threshold=0.1), SCORED),
    ],
)
def test_spam_is_blocked_only_by_setting(
    rules: DecisionRules, expected: tuple[Action, Reason]
) -> None:
    engine = an_engine(models=some_models(p_spam=0.85), rules=rules)

    decisions = engine.decide_texts(some_texts("全场五折，欢迎光临"), NINE_O_CLOCK_S)

    assert rulings(decisions) == [expected]
    assert not decisions.details


def test_without_a_model_no_text_is_blocked_as_spam() -> None:
    engine = an_engine(models=broken_models(), rules=DecisionRules(block_spam=True))

    decisions = engine.decide_texts(some_texts("全场五折，欢迎光临"), NINE_O_CLOCK_S)

    assert rulings(decisions) == [(Action.ALLOW, Reason.FAILED_OPEN)]


def test_a_text_that_was_cut_is_marked() -> None:
    texts = replace(some_texts("您好", "您好"), read_bytes={1: 6})

    decisions = an_engine().decide_texts(texts, NINE_O_CLOCK_S)

    assert {row: detail.truncated for row, detail in decisions.details.items()} == {1: True}
