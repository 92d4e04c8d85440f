"""Policies of carriers: each row of a batch is decided by that of its own carrier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.caller.classifier import MINIMUM_CALLS
from fanzha.decisions import Action, Decisions, Reason
from fanzha.tables import Attestation, Channel, Ingress
from services.decision.carriers.policy import MAX_CARRIERS, CarrierPolicies, CarrierPolicy
from services.decision.carriers.policy_document import NO_POLICIES, read_policies
from services.decision.evidence import BatchContext, ModelSet
from services.decision.origin.guard import OriginGuard
from services.decision.origin.trunk_groups import read_trunks
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

LISTED, OTHER = "+8617012345678", "+8619900000001"
STRICT_AND_LENIENT = """
[carrier.strict.text]
threshold = 0.3
[carrier.lenient.text]
threshold = 0.95
"""
MONITORED = """
[carrier.watch]
call = {mode = "monitor", on_failure = "block"}
text = {mode = "monitor", on_failure = "block"}
link = {mode = "monitor", on_failure = "block"}
"""
TWO_OF_ONE_NAME = """
[[carrier.one.trunk]]
name = "bank"
shows = ["95588"]
[[carrier.two.trunk]]
name = "bank"
shows = ["95533"]
"""


def texts_of(
    document: str, carriers: list[tuple[str, int]], models: ModelSet | None = None
) -> Decisions:
    engine = an_engine(models=models or some_models(0.5), policies=read_policies(document))
    rows = sum(count for _, count in carriers) or 1
    context = BatchContext(carriers=carriers)
    return engine.decide_texts(some_texts(*["hello"] * rows), NINE_O_CLOCK_S, context)


def actions(decisions: Decisions) -> list[Action]:
    return [Action(one) for one in decisions.actions.tolist()]


def test_two_carriers_in_one_batch_get_their_own_thresholds() -> None:
    found = texts_of(STRICT_AND_LENIENT, [("strict", 2), ("lenient", 1), ("", 1), ("strict", 1)])

    block, allow = Action.BLOCK, Action.ALLOW
    assert actions(found) == [block, block, allow, allow, block]
    thresholds = [found.threshold_of(row) for row in range(5)]
    assert thresholds == pytest.approx([0.3, 0.3, 0.95, 0.9, 0.3])
    assert found.threshold == 0.9


def test_without_a_policy_for_its_carriers_a_batch_has_no_columns_of_policies() -> None:
    found = texts_of(STRICT_AND_LENIENT, [("another", 2)])

    assert found.thresholds is None
    assert found.monitored is None


def test_the_default_policy_is_that_of_carriers_without_one() -> None:
    document = f"{STRICT_AND_LENIENT}[carrier.default.text]\nthreshold = 0.5\n"

    found = texts_of(document, [("another", 1), ("lenient", 1), ("", 1)])

    assert actions(found) == [Action.BLOCK, Action.ALLOW, Action.BLOCK]
    assert actions(texts_of(document, [])) == [Action.BLOCK]


def test_a_monitored_block_is_let_through_with_its_reason_its_entry_and_a_mark() -> None:
    engine = an_engine(an_entry(LISTED), policies=read_policies(MONITORED))

    found = engine.decide_calls(
        some_calls(LISTED, OTHER, LISTED),
        NINE_O_CLOCK_S,
        BatchContext(carriers=[("watch", 2), ("", 1)]),
    )

    assert actions(found) == [Action.ALLOW, Action.ALLOW, Action.BLOCK]
    assert [Reason(reason) for reason in found.reasons.tolist()] == [
        *(Reason.BLOCKLISTED, Reason.SCORED, Reason.BLOCKLISTED),
    ]
    assert found.monitored is not None
    assert found.monitored.tolist() == [True, False, False]
    assert (found.details[0].monitored, found.details[0].pattern) == (True, LISTED)
    assert not found.details[2].monitored


def test_while_the_model_fails_a_carrier_may_block_what_only_it_could_decide() -> None:
    document = '[carrier.closed.text]\non_failure = "block"\n'

    found = texts_of(document, [("closed", 1), ("", 1)], broken_models())

    pairs = list(zip(actions(found), map(Reason, found.reasons.tolist()), strict=True))
    assert pairs == [
        (Action.BLOCK, Reason.FAILED_CLOSED),
        (Action.ALLOW, Reason.FAILED_OPEN),
    ]


def test_no_policy_blocks_what_is_protected() -> None:
    document = '[carrier.default.call]\nthreshold = 0.0001\non_failure = "block"\n'
    policies = read_policies(document)

    for models in (some_models(1.0), broken_models()):
        engine = an_engine(an_entry("110"), models=models, policies=policies)
        found = engine.decide_calls(some_calls(OTHER, callee="110"), NINE_O_CLOCK_S)
        assert actions(found) == [Action.ALLOW]


def test_a_low_threshold_of_a_carrier_blocks_no_caller_with_few_calls() -> None:
    policies = read_policies("[carrier.default.call]\nthreshold = 0.1\n")
    engine = an_engine(models=some_models(0.5), policies=policies)
    calls = int(MINIMUM_CALLS) + 1

    found = [
        actions(engine.decide_calls(some_calls(OTHER), NINE_O_CLOCK_S))[0] for _ in range(calls)
    ]

    assert Action.BLOCK not in found[: int(MINIMUM_CALLS) - 1]
    assert found[-1] is Action.BLOCK


def test_a_trunk_group_of_one_carrier_is_not_that_of_another() -> None:
    policies = read_policies(TWO_OF_ONE_NAME)
    calls = some_calls(
        *["95588", "95588", "95533", "95588"],
        trunk="bank",
        ingress=Ingress.INTERCONNECT,
        attestation=Attestation.UNSPECIFIED,
    )
    engine = an_engine(an_entry("95588"), an_entry("95533"), policies=policies)

    found = engine.decide_calls(
        calls, NINE_O_CLOCK_S, BatchContext(carriers=[("one", 1), ("two", 2), ("", 1)])
    )

    reasons = [Reason(reason) for reason in found.reasons.tolist()]
    assert [reason is Reason.PROTECTED for reason in reasons] == [True, False, True, False]


def test_common_trunk_groups_hold_where_a_carrier_has_none_of_the_name() -> None:
    common = read_trunks(b'[[trunk]]\nname = "bank"\nshows = ["95566"]\n[[trunk]]\nname = "c"\n')
    policies = read_policies(TWO_OF_ONE_NAME)
    policy = policies.of_batch(Channel.CALL, [("one", 2), ("", 1)], 3, 0.5)

    assert policy is not None
    groups = policy.trunk_groups(["bank", "c", "bank"], common)
    assert groups[0] is policies["one"].trunks.find("bank")
    assert groups[1] is common.find("c")
    assert groups[2] is common.find("bank")


@given(
    st.lists(st.tuples(st.sampled_from(["watch", "other", ""]), st.integers(1, 3)), min_size=1),
    st.sampled_from([some_models(score) for score in (0.0, 0.5, 0.95, 1.0)] + [broken_models()]),
    st.sampled_from(Channel),
    st.sampled_from([LISTED, OTHER, "+86110", "95588"]),
    st.sampled_from(Ingress),
)
def test_monitor_mode_never_blocks_and_changes_nothing_else(
    carriers: list[tuple[str, int]],
    models: ModelSet,
    channel: Channel,
    party: str,
    ingress: Ingress,
) -> None:
    rows = sum(count for _, count in carriers)
    watched = np.repeat([carrier == "watch" for carrier, _ in carriers], [n for _, n in carriers])

    def decide(document: str) -> Decisions:
        engine = an_engine(
            *(an_entry(LISTED), an_entry("evil.example")),
            models=models,
            policies=read_policies(document),
            origin=OriginGuard(),
        )
        context = BatchContext(carriers=carriers)
        if channel is Channel.CALL:
            table = some_calls(*[party] * rows, ingress=ingress)
            return engine.decide_calls(table, NINE_O_CLOCK_S, context)
        if channel is Channel.TEXT:
            texts = some_texts(*["http://evil.example/"] * rows, sender=party, ingress=ingress)
            return engine.decide_texts(texts, NINE_O_CLOCK_S, context)
        links = some_links(*["http://evil.example/"] * rows)
        return engine.decide_links(links, NINE_O_CLOCK_S, context)

    enforced = decide(MONITORED.replace("monitor", "enforce"))
    found = decide(MONITORED)

    would_block = watched & (enforced.actions == Action.BLOCK)
    monitored = np.zeros(rows, np.bool_) if found.monitored is None else found.monitored
    assert not np.any(watched & (found.actions == Action.BLOCK))
    assert monitored.tolist() == would_block.tolist()
    assert found.reasons.tolist() == enforced.reasons.tolist()
    assert found.actions[~watched].tolist() == enforced.actions[~watched].tolist()


def test_more_carriers_than_places_are_refused() -> None:
    named = {f"c{number}": CarrierPolicy() for number in range(MAX_CARRIERS)}

    assert len(CarrierPolicies(named | {"": CarrierPolicy()})) == MAX_CARRIERS + 1
    with pytest.raises(ValueError, match=r"256 have a policy, 255 are the most"):
        CarrierPolicies(named | {"one-more": CarrierPolicy()})
    assert not len(NO_POLICIES)
