"""The replay of a carrier policy agrees with what that policy decides."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classifiers.caller.classifier import MINIMUM_CALLS
from fanzha.decisions import Action
from fanzha.tables import Calls, Channel, Links, Texts
from services.carrier_policy.document import checked
from services.decision.carriers.policy import CarrierPolicies
from services.decision.evidence import BatchContext, ModelSet
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision_log.impact.policy_replay import PolicyReplay, replay_policy
from tests.support.builders import (
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
    broken_models,
    some_calls,
    some_links,
    some_models,
    some_texts,
)
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged, without_columns

LISTED = "+8617012345678"
BASE = '[carrier.a.text]\nthreshold = 0.9\n[carrier.b.text]\nmode = "monitor"\n'


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    return logged(tmp_path)


def an_engine_of(log: Logged | None, document: str, models: ModelSet) -> DecisionPipeline:
    observer = Observer()
    if log is not None:
        observer = Observer(
            links_found=log.log.links_found,
            callers_active=log.log.callers_active,
            decided=log.log.decided,
        )
    return an_engine(an_entry(LISTED), models=models, observer=observer, policies=checked(document))


def decide(
    log: Logged | None,
    table: Calls | Texts | Links,
    document: str,
    *,
    carriers: Sequence[tuple[str, int]],
    models: ModelSet,
) -> list[int]:
    engine = an_engine_of(log, document, models)
    context = BatchContext(carriers=carriers)
    if isinstance(table, Calls):
        found = engine.decide_calls(table, NINE_O_CLOCK_S, context)
    elif isinstance(table, Texts):
        found = engine.decide_texts(table, NINE_O_CLOCK_S, context)
    else:
        found = engine.decide_links(table, NINE_O_CLOCK_S, context)
    if log is not None:
        log.log.writer.flush()
    return [int(action) for action in found.actions]


def replayed(log: Logged, before: str, after: str, since_ms: int = NOW_MS - 1) -> PolicyReplay:
    return replay_policy(log.folder, checked(before), checked(after), since_ms=since_ms)


@pytest.mark.parametrize(
    ("after", "models"),
    [
        (BASE.replace("0.9", "0.4"), some_models(0.5)),
        (BASE.replace("0.9", "0.95"), some_models(0.92)),
        (BASE.replace("monitor", "enforce"), some_models(0.99)),
        (f'{BASE}[carrier.default.text]\nmode = "monitor"\n', some_models(0.99)),
        (f'{BASE}on_failure = "block"\n', broken_models()),
        ('[carrier.default.text]\nthreshold = 0.3\nmode = "enforce"\n', some_models(0.5)),
    ],
)  # fmt: skip
def test_texts_are_decided_as_the_policy_would(after: str, models: ModelSet, log: Logged) -> None:
    texts = some_texts("a", "b", "c", "d", "e", sender=LISTED)
    other = some_texts("a", "b", "c", "d", "e", sender="+8619900000009")
    carriers = [("a", 2), ("b", 1), ("", 2)]
    changed = 0
    for table in (texts, other):
        was = decide(log, table, BASE, carriers=carriers, models=models)
        now = decide(None, table, after, carriers=carriers, models=models)
        changed += sum(one != two for one, two in zip(was, now, strict=True))

    found = replayed(log, BASE, after)

    assert found.rows_examined == 10
    assert found.would_block.total() + found.would_allow.total() + found.uncertain >= changed
    assert found.would_block.total() + found.would_allow.total() <= changed + found.uncertain
    if not found.uncertain:
        assert found.would_block.total() + found.would_allow.total() == changed


def test_each_carrier_and_channel_is_counted_with_the_weights_of_the_log(log: Logged) -> None:
    links = some_links("http://a.example/", "http://b.example/")
    decide(log, links, "", carriers=[("a", 1), ("", 1)], models=some_models(0.5))
    decide(log, some_texts("x"), "", carriers=[("a", 1)], models=some_models(0.5))

    found = replayed(log, "", "[carrier.default.link]\nthreshold = 0.4\n")

    assert found.would_block == {("", Channel.LINK): 1, ("a", Channel.LINK): 1}
    assert not found.would_allow
    assert found.uncertain == 0


def test_a_caller_with_few_calls_stays_below_a_lower_threshold(log: Logged) -> None:
    low, lower = (f"[carrier.a.call]\nthreshold = {value}\n" for value in (0.6, 0.5))
    models, times = some_models(0.55), int(MINIMUM_CALLS) + 2

    def decide_each(engine: DecisionPipeline) -> list[int]:
        call = some_calls("+8619900000009")
        contexts = [BatchContext(carriers=[("a", 1)]) for _ in range(times)]
        found = [engine.decide_calls(call, NINE_O_CLOCK_S, one) for one in contexts]
        return [int(one.actions[0]) for one in found]

    was = decide_each(an_engine_of(log, low, models))
    log.log.writer.flush()
    now = decide_each(an_engine_of(None, lower, models))

    found = replayed(log, low, lower)

    assert Action.BLOCK not in was
    assert found.would_block == {("a", Channel.CALL): now.count(Action.BLOCK)}
    assert found.uncertain == 0
    assert 0 < now.count(Action.BLOCK) < times


def test_a_policy_without_the_threshold_it_had_is_uncertain(log: Logged) -> None:
    decide(log, some_texts("x"), BASE, carriers=[("a", 1)], models=some_models(0.95))

    found = replayed(log, BASE, "")

    assert (found.uncertain, found.would_allow.total()) == (1, 0)


def test_only_the_asked_hours_count_and_the_log_says_since_when_it_is(log: Logged) -> None:
    log.clock.now_ms = NOW_MS - 3 * HOUR_MS
    decide(log, some_texts("x"), "", carriers=[("a", 1)], models=some_models(0.5))
    log.clock.now_ms = NOW_MS

    found = replayed(log, "", "[carrier.a.text]\nthreshold = 0.4\n")

    assert (found.rows_examined, found.would_block.total()) == (0, 0)
    assert found.first_ms == NOW_MS - 3 * HOUR_MS


def test_a_log_of_an_earlier_release_is_read_without_its_missing_columns(log: Logged) -> None:
    decide(log, some_texts("x"), "", carriers=[], models=some_models(0.5))
    (segment,) = log.folder.rglob("*.parquet")
    without_columns(segment, "carrier", "monitored", "caller_activity")

    found = replayed(log, "", "[carrier.default.text]\nthreshold = 0.4\n")

    assert found.would_block == {("", Channel.TEXT): 1}


def test_an_empty_log_says_nothing(tmp_path: Path) -> None:
    found = replay_policy(tmp_path, CarrierPolicies({}), CarrierPolicies({}), since_ms=0)

    assert (found.first_ms, found.rows_examined) == (None, 0)
    assert np.isfinite(found.uncertain)
