"""Bundles of texts that are looked at twice: taken over, refused, or decided without."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest

from classifiers.card import CASCADE_HEAD
from classifiers.escalation import EscalationBudget
from services.decision.model_kinds import ModelKind
from services.models.active import ActiveModels
from services.models.desired_models import DesiredModel
from tests.support.builders import some_texts
from tests.support.cascades import UNCERTAIN, EscalationTally, a_text_bundle
from tests.support.model_bundles import cut_graph, edit_card, some_bundles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return some_bundles(tmp_path)


def a_budget(tally: EscalationTally, share: float = 0.05) -> EscalationBudget:
    """Let the second stage cost no time: a tenth of a second of it would use a budget up."""
    return EscalationBudget(share=share, clock=lambda: 0.0, counters=tally)


def test_a_cascade_is_shadowed_activated_and_rolled_back(root: Path) -> None:
    tally = EscalationTally()
    looks = a_budget(tally)
    rmtree(root / "sms")
    a_text_bundle(root, "1", second=False)
    switch = ActiveModels(root, {}, {}, {ModelKind.TEXT: looks})
    a_text_bundle(root, "2")
    texts = some_texts(UNCERTAIN)

    watching = {ModelKind.TEXT: DesiredModel(shadow="2")}
    switch.prepare(watching)
    switch.take(watching)
    assert switch.current.shadows.text is not None
    before = tally.outcomes["escalated"]
    seen = switch.current.shadows.text.model.score(texts).p_fraud[0]
    for desired in (DesiredModel(active="2", previous="1"), DesiredModel(active="1", previous="2")):
        switch.prepare({ModelKind.TEXT: desired})
        assert switch.take({ModelKind.TEXT: desired}) == [ModelKind.TEXT]

    assert switch.current.text.score(texts).p_fraud[0] < switch.current.text.threshold <= seen
    assert tally.outcomes["escalated"] == before + 1


def a_text_switch(root: Path, wanted: DesiredModel, share: float = 0.05) -> ActiveModels:
    looks = a_budget(EscalationTally(), share)
    return ActiveModels(root, {}, {ModelKind.TEXT: wanted}, {ModelKind.TEXT: looks})


def no_such_encoder(bundle: Path) -> None:
    edit_card(bundle, "encoder", '"another-encoder"')


def no_head(bundle: Path) -> None:
    (bundle / CASCADE_HEAD).unlink()


@pytest.mark.parametrize("damage", [no_such_encoder, no_head])
def test_at_start_a_bundle_decides_without_a_failing_second_stage(
    root: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(a_text_bundle(root, "2"))
    a_text_bundle(root, "3")

    switch = a_text_switch(root, DesiredModel(active="2"))

    score = switch.current.text.score(some_texts(UNCERTAIN)).p_fraud[0]
    status = switch.status()[ModelKind.TEXT]
    assert switch.current.text.version == "2"
    assert 0 < score < switch.current.text.threshold
    assert (status.cascade, status.refused) == (False, {})
    assert status.cascade_fault
    assert caplog.text.count("decides without escalations") == 1


def test_after_start_a_failing_second_stage_refuses_the_bundle(root: Path) -> None:
    switch = a_text_switch(root, DesiredModel(active="1"))
    no_such_encoder(a_text_bundle(root, "2"))
    desired = {ModelKind.TEXT: DesiredModel(active="2")}

    refused = switch.prepare(desired)

    assert refused == [ModelKind.TEXT]
    assert "another-encoder" in switch.status()[ModelKind.TEXT].refused["2"]


def test_at_start_a_bundle_with_a_failing_first_stage_is_refused(root: Path) -> None:
    cut_graph(a_text_bundle(root, "2"))

    switch = a_text_switch(root, DesiredModel(active="2", previous="1"))

    assert switch.current.text.version == "1"
    assert set(switch.status()[ModelKind.TEXT].refused) == {"2"}


@pytest.mark.parametrize(
    ("version", "share", "expected"), [("1", 0.05, None), ("2", 0.05, True), ("2", 0.0, None)]
)
def test_the_status_reports_whether_the_second_stage_runs(
    root: Path, version: str, share: float, expected: bool | None
) -> None:
    rmtree(root / "sms")
    a_text_bundle(root, "1", second=False)
    a_text_bundle(root, "2")

    status = a_text_switch(root, DesiredModel(active=version), share).status()[ModelKind.TEXT]

    assert (status.cascade, status.cascade_fault) == (expected, "")


def test_a_repaired_second_stage_is_loaded_again(root: Path) -> None:
    head = a_text_bundle(root, "2") / CASCADE_HEAD
    whole = head.read_bytes()
    head.write_bytes(whole[:-1])
    switch = ActiveModels(root, {}, {ModelKind.TEXT: DesiredModel(active="1")})
    desired = {ModelKind.TEXT: DesiredModel(active="2")}
    refused = switch.prepare(desired)

    head.write_bytes(whole)

    assert refused == [ModelKind.TEXT]
    assert switch.prepare(desired) == []
    assert switch.take(desired) == [ModelKind.TEXT]
