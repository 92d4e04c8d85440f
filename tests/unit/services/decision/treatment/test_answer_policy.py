"""What decisions carry beside allow or block."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fanzha.decisions import Action, DisplayLabel, Reason, Treatment
from fanzha.tables import Ingress
from services.decision.carriers.policy_document import read_policies
from services.decision.evidence import BatchContext
from services.decision.origin.guard import OriginGuard
from services.decision.origin.trunk_groups import TrunkGroup, TrunkGroups
from services.decision.treatment.answer_policy import AnswerPolicy
from services.decision.treatment.block_delay import BlockDelay
from services.decision.treatment.cache_lifetimes import CacheLifetimes
from services.decision.treatment.treatment_table import (
    international_calls,
    read_treatments,
    shipped_table,
)
from tests.support.builders import (
    NINE_O_CLOCK_S,
    FixedScore,
    a_velocity_stage,
    an_engine,
    an_entry,
    broken_models,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

NOW = datetime.fromtimestamp(NINE_O_CLOCK_S, UTC)
LISTED = "+8617012345678"
DIALLER = "+8617000000001"
DELAYED = AnswerPolicy(block_delay=BlockDelay(least_ms=200, jitter_ms=700, key=b"k" * 16))


def with_international() -> AnswerPolicy:
    table = shipped_table().with_rules([international_calls()])
    return AnswerPolicy(current_treatments=lambda: table)


@pytest.mark.parametrize("mode", ["enforce", "monitor"])
def test_what_a_policy_blocks_for_want_of_a_model_is_not_reused(mode: str) -> None:
    document = f'[carrier.default.link]\non_failure = "block"\nmode = "{mode}"\n'
    engine = an_engine(models=broken_models(), policies=read_policies(document))

    decisions = engine.decide_links(some_links("http://shop.example/"), NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.FAILED_CLOSED]
    assert (decisions.allow_cache_seconds, decisions.block_cache_seconds) == (0, 0)


def test_a_call_that_the_velocity_model_marks_is_labelled_and_keeps_its_score() -> None:
    engine = an_engine(velocity=a_velocity_stage(model=FixedScore(0.95)))

    decisions = engine.decide_calls(some_calls(*[DIALLER] * 64), NINE_O_CLOCK_S)

    marked = [row for row, reason in enumerate(decisions.reasons) if reason == Reason.VELOCITY]
    assert marked
    for row in marked:
        detail = decisions.details[row]
        assert (detail.treatment, detail.label) == (Treatment.LABEL, DisplayLabel.SUSPECTED_FRAUD)
        assert detail.velocity_score == pytest.approx(0.95)


def test_plain_traffic_has_no_detail() -> None:
    engine = an_engine()

    calls = engine.decide_calls(some_calls(DIALLER, ingress=Ingress.INTERNATIONAL), NINE_O_CLOCK_S)
    texts = engine.decide_texts(some_texts("您好"), NINE_O_CLOCK_S)
    links = engine.decide_links(some_links("http://shop.example/"), NINE_O_CLOCK_S)

    assert (calls.details, texts.details, links.details) == ({}, {}, {})


def test_a_trunk_group_makes_a_call_international_whatever_the_switch_reports() -> None:
    groups = TrunkGroups([TrunkGroup(name="gw7", ingress=Ingress.INTERNATIONAL)])
    engine = an_engine(
        origin=OriginGuard(current_trunks=lambda: groups), answers=with_international()
    )

    decisions = engine.decide_calls(some_calls("+12025550123", trunk="gw7"), NINE_O_CLOCK_S)

    assert decisions.details[0].label is DisplayLabel.INTERNATIONAL


def test_a_blocked_text_or_link_is_delayed_and_a_blocked_call_is_not() -> None:
    entries = an_entry(LISTED), an_entry("bad.example")
    engine = an_engine(*entries, answers=DELAYED)

    text = engine.decide_texts(some_texts("您好", sender=LISTED), NINE_O_CLOCK_S)
    link = engine.decide_links(
        some_links("http://bad.example/", "http://good.example/"), NINE_O_CLOCK_S
    )
    call = engine.decide_calls(some_calls(LISTED), NINE_O_CLOCK_S)

    assert 200 <= text.details[0].delay_ms <= 900
    assert text.details[0].pattern == LISTED
    assert 200 <= link.details[0].delay_ms <= 900
    assert 1 not in link.details
    assert call.details[0].delay_ms == 0


def test_delays_spread_over_their_bounds_and_depend_on_the_key() -> None:
    one = BlockDelay(least_ms=0, jitter_ms=9, key=b"a" * 16)
    other = BlockDelay(least_ms=0, jitter_ms=9, key=b"b" * 16)

    delays = [one.of(decision) for decision in range(500)]

    assert set(delays) == set(range(10))
    assert delays == [one.of(decision) for decision in range(500)]
    assert delays != [other.of(decision) for decision in range(500)]
    assert BlockDelay(least_ms=7, jitter_ms=0, key=b"a").of(2**64 - 1) == 7


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    ("seconds", "of_row"),
    [
        (3600, lambda _longest: None),
        (20, lambda _longest: 20),
    ],
)
def test_no_answer_on_a_link_is_reused_past_the_end_of_its_entry(
    action: Action, seconds: int, of_row: Callable[[int], int | None]
) -> None:
    entry = an_entry("bad.example", action, expires_at=NOW + timedelta(seconds=seconds))
    engine = an_engine(entry)

    decisions = engine.decide_links(
        some_links("http://other.example/", "http://bad.example/"), NINE_O_CLOCK_S
    )

    assert (decisions.allow_cache_seconds, decisions.block_cache_seconds) == (60, 300)
    assert decisions.details[1].cache_seconds == of_row(300)
    assert 0 not in decisions.details


def test_a_link_let_through_without_a_model_is_not_cached() -> None:
    engine = an_engine(an_entry("bad.example"), models=broken_models())

    decisions = engine.decide_links(
        some_links("http://other.example/", "http://bad.example/"), NINE_O_CLOCK_S
    )

    assert (decisions.allow_cache_seconds, decisions.block_cache_seconds) == (0, 300)


def test_links_that_the_model_blocks_need_no_detail_to_be_cached() -> None:
    caching = CacheLifetimes(allow_seconds=5, block_seconds=7)
    engine = an_engine(models=some_models(score=0.99), answers=AnswerPolicy(caching=caching))

    decisions = engine.decide_links(some_links("http://bad.example/"), NINE_O_CLOCK_S)

    assert decisions.details == {}
    assert (decisions.allow_cache_seconds, decisions.block_cache_seconds) == (5, 7)


def test_only_links_are_cached() -> None:
    decisions = an_engine().decide_calls(some_calls(DIALLER), NINE_O_CLOCK_S)

    assert (decisions.allow_cache_seconds, decisions.block_cache_seconds) == (None, None)


def test_the_requests_of_one_carrier_are_treated_in_a_batch_of_several() -> None:
    table = read_treatments(
        b'[[treatment]]\nchannels = ["call"]\nreasons = ["scored"]\ncarriers = ["cmcc"]\n'
        b'treatment = "challenge"\nbecause = "x"\n'
    )
    engine = an_engine(answers=AnswerPolicy(current_treatments=lambda: table))

    decisions = engine.decide_calls(
        some_calls(*[DIALLER] * 3),
        NINE_O_CLOCK_S,
        BatchContext(carriers=[("", 1), ("cmcc", 1), ("ctcc", 1)]),
    )

    assert decisions.details.keys() == {1}
    assert decisions.details[1].treatment is Treatment.CHALLENGE
