"""What gateways tell of a link's domain moves its score, as far as the setting lets it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fanzha.decisions import Action, Decisions, Reason
from fanzha.tables import UNKNOWN_FACT, Channel, HostFacts, Links
from services.decision.carriers.policy import CarrierPolicies, CarrierPolicy, ChannelPolicy
from services.decision.decision_rules import DecisionRules
from services.decision.domain_facts.reader import read_domain_facts
from services.decision.domain_facts.stage import DomainFactsStage
from services.decision.domain_facts.table import NO_DOMAIN_FACTS, DomainFacts
from services.decision.evidence import BatchContext
from services.decision.host_facts import HostFactsAction
from services.decision.review import ReviewStage
from tests.support.builders import NINE_O_CLOCK_S, an_engine, an_entry, some_links, some_models

URL = "http://shop.example/"
NEW, OLD = {"age": 3}, {"age": 4000, "rank": 500}
ALLOWED, BLOCKED = (Action.ALLOW, Reason.SCORED), (Action.BLOCK, Reason.SCORED)
REVIEWED = (Action.ALLOW, Reason.REVIEW)


def links(*facts: dict[str, int], url: str = URL) -> Links:
    def column(name: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.array([one.get(name, UNKNOWN_FACT) for one in facts], np.int64)

    told = HostFacts(
        domain_age_days=column("age"),
        first_seen_days=column("seen"),
        popularity_rank=column("rank"),
    )
    return replace(some_links(*[url] * len(facts)), facts=told)


def decide(
    rows: Links,
    score: float,
    action: HostFactsAction = HostFactsAction.REVIEW,
    *,
    file: DomainFacts = NO_DOMAIN_FACTS,
    known: Callable[[int, int], None] = lambda _sent, _found: None,
) -> Decisions:
    models = replace(some_models(score), review_thresholds={Channel.LINK: 0.85})
    rules = DecisionRules(host_facts_action=action)
    reviews = ReviewStage(dict.fromkeys(Channel, 10))
    stage = DomainFactsStage(action, current=lambda: file, known=known)
    engine = an_engine(models=models, rules=rules, reviews=reviews, domains=stage)
    return engine.decide_links(rows, NINE_O_CLOCK_S)


def outcome(found: Decisions, row: int = 0) -> tuple[Action, Reason]:
    return Action(found.actions[row]), Reason(found.reasons[row])


def test_a_new_domain_raises_a_score_to_just_under_the_threshold_and_a_person_judges() -> None:
    found = decide(links(NEW), 0.7)

    assert outcome(found) == REVIEWED
    assert found.scores[0] == np.nextafter(np.float32(found.threshold), np.float32(0))


def test_it_blocks_where_the_setting_says_so() -> None:
    found = decide(links(NEW), 0.7, HostFactsAction.BLOCK)

    assert outcome(found) == BLOCKED
    assert found.scores[0] == pytest.approx(0.7 * 8 / (0.7 * 8 + 0.3))


@pytest.mark.parametrize("action", [HostFactsAction.REVIEW, HostFactsAction.BLOCK])
def test_an_old_and_popular_domain_is_let_through(action: HostFactsAction) -> None:
    assert outcome(decide(links(OLD), 0.95, action)) == ALLOWED


def test_what_the_model_blocks_is_blocked_whatever_is_told_of_a_new_domain() -> None:
    found = decide(links(NEW), 0.95)

    assert outcome(found) == BLOCKED
    assert found.scores[0] > np.float32(0.95)


@pytest.mark.parametrize("score", [0.7, 0.95])
def test_facts_are_ignored_where_they_are_off(score: float) -> None:
    found = decide(links(NEW, OLD), score, HostFactsAction.OFF)

    assert found.scores.tolist() == [np.float32(score)] * 2
    assert not found.details


@pytest.mark.parametrize("rows", [some_links(URL), links({}), links({"rank": 0})])
def test_unknown_facts_change_nothing_at_all(rows: Links) -> None:
    found, without = decide(rows, 0.7), decide(some_links(URL), 0.7)

    assert found.scores.tobytes() == without.scores.tobytes()
    assert (outcome(found), found.details) == (outcome(without), without.details)


def test_rows_without_facts_stay_as_they_are_beside_rows_with_some() -> None:
    found = decide(links({}, NEW), 0.7)

    assert found.scores[0] == np.float32(0.7)
    assert [outcome(found, row) for row in (0, 1)] == [ALLOWED, REVIEWED]
    assert list(found.details) == [1]


def test_it_is_told_what_was_weighed_and_what_the_url_alone_scores() -> None:
    found = decide(links({"age": 3, "seen": 0}), 0.7)

    told = found.details[0].host_facts
    assert told == pytest.approx(
        {"domain_age_days": 3, "first_seen_days": 0, "model_score": 0.7, "odds_ratio": 8}
    )


def test_nothing_is_told_of_scores_far_below_the_threshold() -> None:
    assert not decide(links(NEW, OLD), 0.01).details


def test_lists_count_more_than_facts() -> None:
    engine = an_engine(an_entry("shop.example"), models=some_models(0.1))

    found = engine.decide_links(links(OLD), NINE_O_CLOCK_S)

    assert outcome(found) == (Action.BLOCK, Reason.BLOCKLISTED)


def test_the_threshold_of_a_carrier_is_the_one_that_facts_stay_under() -> None:
    lower = CarrierPolicy(channels={Channel.LINK: ChannelPolicy(threshold=0.8)})
    engine = an_engine(models=some_models(0.7), policies=CarrierPolicies({"cmcc": lower}))
    context = BatchContext(2, carriers=[("cmcc", 1), ("", 1)])

    found = engine.decide_links(links(NEW, NEW), NINE_O_CLOCK_S, context)

    assert [outcome(found, row) for row in (0, 1)] == [ALLOWED, ALLOWED]
    assert found.scores[0] < np.float32(0.8) <= found.scores[1] < np.float32(0.9)


def test_a_failed_model_stays_failed() -> None:
    found = decide(links(NEW), float("nan"))

    assert outcome(found) == (Action.ALLOW, Reason.FAILED_OPEN)


def a_file(domain: str) -> DomainFacts:
    return read_domain_facts(f"domain,registered_on\n{domain},2000-01-01\n".encode())


@pytest.mark.parametrize("rows", [some_links(URL), links({}), links({"rank": 7}), links(NEW)])
def test_a_file_without_the_domain_changes_nothing_at_all(rows: Links) -> None:
    found, without = decide(rows, 0.7, file=a_file("other.example")), decide(rows, 0.7)

    assert found.scores.tobytes() == without.scores.tobytes()
    assert (outcome(found), found.details) == (outcome(without), without.details)


def test_what_an_operators_file_knows_is_weighed_like_what_a_gateway_sends() -> None:
    heard: list[tuple[int, int]] = []

    found = decide(
        some_links(URL, URL),
        0.95,
        file=a_file("shop.example"),
        known=lambda sent, found: heard.append((sent, found)),
    )

    assert outcome(found) == ALLOWED
    told = found.details[0].host_facts
    assert told is not None
    assert told["odds_ratio"] == pytest.approx(0.25)
    assert heard == [(0, 2)]


def test_a_file_is_ignored_where_facts_are_off() -> None:
    heard: list[tuple[int, int]] = []

    found = decide(
        some_links(URL),
        0.95,
        HostFactsAction.OFF,
        file=a_file("shop.example"),
        known=lambda sent, found: heard.append((sent, found)),
    )

    assert outcome(found) == BLOCKED
    assert not heard
