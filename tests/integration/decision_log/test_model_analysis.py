"""Decisions of models explained after the fact: contributions and counterfactuals."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers import bundles, explain
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.tables import (
    UNKNOWN_FACT,
    Attestation,
    CallerActivity,
    Channel,
    HostFacts,
    Ingress,
)
from fanzha.v1 import decision_log_pb2 as pb
from services.decision.decision_rules import DecisionRules
from services.decision.evidence import ModelSet
from services.decision.velocity import VelocityStage, always
from services.decision_log.query import DecisionQuery
from tests.support.builders import (
    FixedScore,
    FixedTextScore,
    a_velocity_stage,
    some_calls,
    some_links,
    some_models,
    some_texts,
)
from tests.support.change_desk import MemoryAudit
from tests.support.decision_analysis import (
    FRAUD,
    Explain,
    decide,
    engine,
    english,
    many_callees,
    served,
)
from tests.support.decision_logs import Logged, logged
from tests.support.identities import Issuer

BODY = "您的账户异常，请点击 http://pay-secure.example/verify/account?id=1 输入密码和验证码"

URL = "http://pay-secure.example/verify/account"


def weights(model: pb.ModelAnalysis) -> dict[str, float]:
    return {one.feature: one.weight for one in model.features}


async def test_a_caller_is_explained_by_its_activity_at_the_decision(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(
        engine(log, models=shipped),
        log,
        some_calls(*[FRAUD] * 300, callees=list(many_callees(300))),
    )

    answer = await newest()

    assert (answer.decision.reason, answer.decision.action) == (3, Action.BLOCK)
    (model,) = answer.analysis.models
    assert (model.model, model.version) == ("caller", shipped.caller.version)
    assert model.recomputed_score == pytest.approx(answer.decision.score, abs=1e-6)
    activity = CallerActivity(
        **{name: np.array([value], np.float32) for name, value in model.inputs.items()}
    )
    expected = explain.caller_features(bundles.load_caller(lowest_threshold=0.3), activity)
    assert weights(model) == pytest.approx(
        {one.name: one.weight for one in expected if one.weight}, abs=1e-5
    )
    assert "leave one out" in model.method.en
    assert "in place of" in english(answer.analysis.alternatives)
    assert "be let through: no rule holds" in english(answer.analysis.alternatives)


async def test_the_counterfactual_of_one_counter_crosses_the_threshold(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(
        engine(log, models=shipped),
        log,
        some_calls(*[FRAUD] * 300, callees=list(many_callees(300))),
    )

    answer = await newest()

    (model,) = answer.analysis.models
    change = next(one.en for one in answer.analysis.alternatives if "in place of" in one.en)
    name, value = change.removeprefix("caller model: with ").split()[:2]
    inputs = dict(model.inputs) | {name: float(value)}
    activity = CallerActivity(**{key: np.array([at], np.float32) for key, at in inputs.items()})
    caller = bundles.load_caller(lowest_threshold=0.3)
    assert answer.decision.score >= 0.3 > float(caller.score(activity)[0])


async def test_a_suspicious_call_is_explained_by_its_velocity_inputs(
    log: Logged, newest: Explain
) -> None:
    model = bundles.load_velocity()
    stage = VelocityStage(current=always(model), memory=a_velocity_stage().memory)
    calls = some_calls(
        *[FRAUD] * 60,
        callees=list(many_callees(60)),
        ingress=Ingress.INTERCONNECT,
        attestation=Attestation.FAILED,
    )
    decide(engine(log, velocity=stage), log, calls)

    answer = await newest()

    assert answer.decision.reason == 9
    velocity, caller = answer.analysis.models
    assert (velocity.model, caller.model) == ("velocity", "caller")
    assert velocity.threshold == pytest.approx(model.threshold)
    assert velocity.recomputed_score == pytest.approx(answer.decision.velocity_score, abs=1e-6)
    assert velocity.features
    assert "velocity_action off" in english(answer.analysis.alternatives)


async def test_a_text_is_explained_word_by_word_where_its_content_is_kept(
    tmp_path: Path, issuer: Issuer, audit: MemoryAudit, shipped: ModelSet
) -> None:
    log = logged(tmp_path / "with texts", texts=True)
    decide(engine(log, models=shipped), log, some_texts(BODY, sender=FRAUD))

    async with served(log.folder, issuer, audit) as server:
        hidden = await server.call("GetDecision", pb.GetDecisionRequest(decision_id=100), "auditor")
        request = pb.GetDecisionRequest(decision_id=100, with_content=True)
        answer = await server.call("GetDecision", request, "appeals_officer")

    model = answer.analysis.models[0]
    expected = explain.text(bundles.load_first_stage(), BODY, int(FRAUD))
    assert model.recomputed_score == pytest.approx(answer.decision.score, abs=1e-6)
    assert weights(model) == pytest.approx(dict(expected), abs=1e-4)
    assert not hidden.analysis.models[0].features
    assert "--text" in hidden.analysis.models[0].method.en
    assert audit.records  # the request with content, before its answer


async def test_the_analysis_of_a_text_without_content_names_what_is_missing(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(engine(log, models=shipped), log, some_texts(BODY, sender=FRAUD))

    answer = await newest(with_content=True)

    assert "decision_log_texts" in answer.analysis.models[0].method.en
    assert not answer.analysis.models[0].features
    assert "密码" not in str(answer)


async def test_a_link_in_a_text_is_explained_by_score_and_contributions(
    tmp_path: Path, issuer: Issuer, audit: MemoryAudit
) -> None:
    log = logged(tmp_path / "with texts", texts=True)
    link = bundles.load_link()
    high = next(
        url
        for url in (
            f"http://login-{n}.bank-verify-account.example/secure/login.php" for n in range(99)
        )
        if link.score([url])[0] >= 0.98
    )
    models = replace(some_models(), text=FixedTextScore(0.5), link=link)
    decide(engine(log, models=models), log, some_texts(f"看 {high}", sender=FRAUD))

    async with served(log.folder, issuer, audit) as server:
        request = pb.GetDecisionRequest(decision_id=100, with_content=True)
        answer = await server.call("GetDecision", request, "auditor")

    first = answer.analysis.models[0]
    assert answer.decision.reason == 11
    assert (first.model, first.version) == ("link", link.version)
    assert first.recomputed_score == pytest.approx(answer.decision.link_score, abs=1e-6)
    assert weights(first) == pytest.approx(dict(explain.link(link, high)), abs=1e-4)
    assert "with each link under 0.98" in english(answer.analysis.alternatives)


async def test_path_contributions_of_a_link_need_the_right_to_see_them(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    decide(engine(log, models=shipped), log, some_links(URL))

    masked = await newest("operator")
    whole = await newest("auditor", unmasked=True)

    expected = dict(explain.link(bundles.load_link(), URL))
    assert weights(whole.analysis.models[0]) == pytest.approx(expected, abs=1e-4)
    assert {"account"} <= set(expected)
    assert "account" not in str(masked)
    assert "verify" not in str(masked)
    assert len(masked.analysis.models[0].features) == len(expected)


async def test_a_removed_bundle_is_not_explained_by_another_version(
    log: Logged, newest: Explain, shipped: ModelSet, tmp_path: Path
) -> None:
    root = tmp_path / "models"
    shutil.copytree(bundles.SHIPPED / "url", root / "url")
    decide(engine(log, models=shipped), log, some_links(URL))
    (root / "url" / shipped.link.version).rename(root / "url" / "other")

    answer = await newest(root=root)

    (model,) = answer.analysis.models
    assert not model.features
    assert not model.HasField("recomputed_score")
    assert "not usable on this host (gone)" in model.method.en
    assert "whose bundle is no longer here" in english(answer.analysis.circumstances)


async def test_contributions_are_not_shown_where_the_model_gives_another_score(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    class Other(FixedScore):
        version = shipped.link.version

    decide(engine(log, models=replace(some_models(), link=Other(0.123))), log, some_links(URL))

    answer = await newest()

    (model,) = answer.analysis.models
    assert not model.features
    assert "the decision had 0.1230" in model.method.en


async def test_a_link_moved_by_facts_on_its_domain_is_explained_by_them_and_by_its_url(
    log: Logged, newest: Explain, shipped: ModelSet
) -> None:
    unknown = np.full(1, UNKNOWN_FACT)
    facts = HostFacts(
        domain_age_days=unknown, first_seen_days=unknown, popularity_rank=np.array([500])
    )
    models = replace(shipped, thresholds=dict.fromkeys(Channel, 0.5))
    alone = float(bundles.load_link().score([URL])[0])
    decide(engine(log, models=models), log, replace(some_links(URL), facts=facts))

    answer = await newest(unmasked=True)

    (model,) = answer.analysis.models
    assert model.recomputed_score == pytest.approx(alone, abs=1e-5)
    assert model.features
    assert f"it would be blocked: the score is {alone:.3f} then" in english(
        answer.analysis.alternatives
    )


@pytest.mark.parametrize(("threshold", "raises"), [(0.2, True), (0.9999, False)])
async def test_the_counterfactual_of_a_link_removes_its_strongest_contribution(
    log: Logged, newest: Explain, shipped: ModelSet, threshold: float, raises: bool
) -> None:
    models = replace(shipped, thresholds=dict.fromkeys(Channel, threshold))
    decide(engine(log, models=models), log, some_links(URL))

    answer = await newest(unmasked=True)

    parts = explain.link(bundles.load_link(), URL)
    part = next(one.part for one in parts if (one.weight > 0) == raises)
    (changed,) = [one.en for one in answer.analysis.alternatives if "without" in one.en]
    assert f'link model: without "{part}" the score would be' in changed


async def test_spam_is_explained_by_its_probability_and_its_setting(
    tmp_path: Path, issuer: Issuer, audit: MemoryAudit, shipped: ModelSet
) -> None:
    log = logged(tmp_path / "with texts", texts=True)
    body = "全场五折，满二百减五十，欢迎选购"
    rules = DecisionRules(block_spam=True, spam_threshold=0.0)
    models = replace(shipped, thresholds=dict.fromkeys(Channel, 0.9999))
    decide(engine(log, models=models, rules=rules), log, some_texts(body, sender=FRAUD))

    async with served(log.folder, issuer, audit) as server:
        request = pb.GetDecisionRequest(decision_id=100, with_content=True)
        answer = await server.call("GetDecision", request, "auditor")

    senders = np.array([int(FRAUD)], np.int64)
    p_spam = bundles.load_first_stage().score_bodies([body], senders).p_spam[0]
    sentences = english(answer.analysis.alternatives)
    assert answer.decision.reason == 8
    assert f"the probability of spam is {p_spam:.3f}, and blocks from 0.000" in sentences
    assert "with the setting block_spam false, it would be let through" in sentences


async def test_the_link_model_version_is_logged_with_texts_whose_link_it_scored(
    log: Logged, newest: Explain
) -> None:
    models = replace(some_models(), text=FixedTextScore(0.5))
    decide(engine(log, models=models), log, some_texts("你好", sender=FRAUD))

    without_link = await newest()
    decide(engine(log, models=models), log, some_texts("看 http://a.example/", f"看 {URL}"))
    with_links = DecisionQuery(log.folder, HomePlan()).several([101])

    assert without_link.decision.link_version == ""
    assert with_links[101]["link_version"] == "test-1"
