"""Decisions of lists and rules explained after the fact, and who may read it."""

import pytest

from fanzha.decisions import Action, Reason
from fanzha.tables import Ingress
from fanzha.v1 import decision_log_pb2 as pb
from services.auth.identity import Role
from services.decision.carriers.policy_document import read_policies
from services.decision.decision_rules import DecisionRules
from services.decision.evidence import ModelSet
from services.decision.origin.guard import OriginGuard, UnregisteredAction
from services.decision.origin.sender_registry import SenderRegistry
from tests.support.builders import (
    broken_models,
    some_calls,
    some_models,
    some_texts,
)
from tests.support.change_desk import MemoryAudit
from tests.support.decision_analysis import (
    ANN,
    ENTRY,
    FRAUD,
    Explain,
    decide,
    engine,
    english,
    many_callees,
    served,
)
from tests.support.decision_logs import Logged, without_columns
from tests.support.identities import Issuer


async def test_a_block_by_on_failure_is_explained(log: Logged, newest: Explain) -> None:
    policies = read_policies('[carrier.default.call]\non_failure = "block"\n', version=3)
    decide(engine(log, models=broken_models(), policies=policies), log, some_calls(FRAUD))

    answer = await newest()

    assert (answer.decision.reason, answer.decision.action) == (Reason.FAILED_CLOSED, Action.BLOCK)
    assert "the policy of the carrier blocks then" in answer.why.en
    assert "it failed, and gave no score" in english(answer.analysis.circumstances)
    assert "carrier policy: version 3." in english(answer.analysis.circumstances)
    assert "with on_failure allow" in english(answer.analysis.alternatives)
    assert list(answer.analysis.models) == []


async def test_a_role_without_the_right_sees_no_personal_data(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(engine(log, ENTRY, models=shipped), log, some_calls(FRAUD, callee=ANN))

    answer = await newest("operator")

    assert answer.analysis.circumstances
    assert FRAUD not in str(answer)
    assert ANN not in str(answer)


async def test_without_the_entry_the_next_matching_rule_decides(
    log: Logged, newest: Explain
) -> None:
    calls = some_calls(FRAUD, callee=ANN)
    decide(engine(log, ENTRY, models=some_models(0.95)), log, calls)

    answer = await newest()

    (change,) = answer.analysis.alternatives
    assert change.en == (
        f"without the entry {ENTRY.entry_id}, and with no other that matches, it would be blocked: "
        "the score reaches the threshold (SCORED)."
    )
    assert "会被拦截" in change.zh


async def test_an_implausible_caller_is_explained_by_the_table_of_origins(
    log: Logged, newest: Explain
) -> None:
    decide(engine(log), log, some_calls("110", callee=ANN, ingress=Ingress.INTERNATIONAL))

    answer = await newest()

    sentences = english(answer.analysis.circumstances)
    assert answer.decision.reason == 7
    assert (
        "the table of origins says implausible for code emergency, ingress international"
        in sentences
    )
    assert "block_implausible_callers=true" in sentences
    assert "be let through: no rule holds" in english(answer.analysis.alternatives)


async def test_a_forged_number_from_abroad_is_explained(log: Logged, newest: Explain) -> None:
    decide(engine(log), log, some_calls(FRAUD, callee=ANN, ingress=Ingress.INTERNATIONAL))

    answer = await newest()

    assert "without attestation A" in english(answer.analysis.circumstances)


@pytest.mark.parametrize(
    ("action", "alternatives"),
    [
        (UnregisteredAction.BLOCK, 2),
        (UnregisteredAction.LABEL, 1),
    ],
)
async def test_an_unregistered_sender_is_explained_by_the_registry_and_its_setting(
    log: Logged, newest: Explain, action: UnregisteredAction, alternatives: int
) -> None:
    guard = OriginGuard(current_senders=SenderRegistry)
    parts = {"origin": guard, "rules": DecisionRules(unregistered_senders=action)}
    decide(engine(log, **parts), log, some_texts("你好", sender="Bank"))

    answer = await newest()

    assert answer.decision.reason == 10
    assert f"unregistered_senders={action}" in english(answer.analysis.circumstances)
    assert len(answer.analysis.alternatives) == alternatives
    assert "registered for this route" in answer.analysis.alternatives[0].en


async def test_the_analysis_of_a_protected_call_says_that_nothing_may_block_it(
    log: Logged, newest: Explain
) -> None:
    decide(engine(log, ENTRY), log, some_calls(FRAUD, callee="110"))

    answer = await newest()

    assert answer.decision.reason == 6
    assert "without the protection, it would be blocked" in english(answer.analysis.alternatives)


async def test_the_analysis_names_columns_that_an_older_segment_lacks(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(
        engine(log, ENTRY, models=shipped),
        log,
        some_calls(*[FRAUD] * 300, callees=list(many_callees(300))),
    )
    (segment,) = log.folder.rglob("*.parquet")
    without_columns(
        segment,
        *("trunk", "rules_held", "settings", "link_version", "velocity_threshold"),
        *("caller_activity", "velocity_inputs", "link_score"),
    )

    answer = await newest()

    (model,) = answer.analysis.models
    assert "earlier versions did not log it" in model.method.en
    assert "settings: not known" in english(answer.analysis.circumstances)
    assert "what would have decided next is not known" in english(answer.analysis.alternatives)


async def test_each_role_that_may_read_decisions_may_read_their_analysis(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    decide(engine(log), log, some_calls(FRAUD, callee=ANN))

    async with served(log.folder, issuer, audit) as server:
        may = await server.who_may("GetDecision", pb.GetDecisionRequest(decision_id=100))
        whole = await server.who_may(
            "GetDecision", pb.GetDecisionRequest(decision_id=100, unmasked=True)
        )

    assert may == {Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER, Role.OPERATOR}
    assert whole == {Role.AUDITOR, Role.APPEALS_OFFICER}
