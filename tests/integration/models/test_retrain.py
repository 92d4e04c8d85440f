"""Retrained models on a running service: in shadow, and nothing more."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.cli._common.channel_words import ModelWord
from services.cli.models import retrain
from services.cli.models.retrain import RetrainPlan
from services.decision.model_kinds import ModelKind
from services.models.retrainer import Retrainer, TrainingLimits
from tests.support.model_bundles import some_bundles
from tests.support.processes import LEAN, Running, eventually, fanzha_up


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    some_bundles(folder / "models")
    models = str(folder / "models")
    with fanzha_up(folder, workers=1, FANZHA_MODELS_DIR=models, **LEAN) as running:
        yield running


def listed(service: Running) -> Any:
    return json.loads(service.fanzha("models", "list", "--json").stdout)["call"]


def active(service: Running) -> set[str]:
    return {status["active"] for status in listed(service)["workers"].values()}


def a_plan(service: Running, **changes: Any) -> RetrainPlan:
    plan = RetrainPlan(
        kind=ModelWord.CALL,
        models_dir=service.folder / "models",
        data=None,
        examples=(),
        since="",
        least=50,
        measure=None,
        share=0.5,
        target=service.admin,
        by="li",
    )
    return replace(plan, **changes)


def a_retrainer(service: Running) -> Retrainer:
    limits = TrainingLimits(seconds=60, memory_bytes=2**31)
    return Retrainer(ModelKind.CALL, service.folder / "models", limits=limits)


def copied(bundle: Path, examples: object) -> list[str]:
    """Return a command that makes *bundle* of the shipped one, in no time."""
    script = (
        "import sys; from pathlib import Path; from tests.support.model_bundles import a_bundle\n"
        "out = Path(sys.argv[1]); a_bundle(out.parent.parent, 'caller', out.name)"
    )
    return [sys.executable, "-c", script, str(bundle)]


def test_a_retrained_model_ends_in_shadow_and_decides_nothing(service: Running) -> None:
    before = active(service)

    report = retrain.run(a_plan(service), a_retrainer(service), copied)

    found = listed(service)
    assert report.shadow == "in shadow, 0.5 of the batches"
    assert found["desired"]["shadow"] == report.version
    assert report.version not in before == active(service)
    folder = service.folder / "models" / "caller"
    written = json.loads((folder / f"{report.version}.retrained.json").read_text())
    assert (written["version"], written["shadow"]) == (report.version, report.shadow)


def test_a_worker_that_starts_anew_still_runs_what_decided_before(service: Running) -> None:
    shadowed: Any = retrain.run(a_plan(service), a_retrainer(service), copied)
    kept: Any = retrain.run(a_plan(service, share=0.0), a_retrainer(service), copied)
    before, workers = active(service), set(listed(service)["workers"])

    for worker in workers:
        os.kill(int(worker.rpartition("/")[2]), signal.SIGTERM)

    eventually(lambda: bool(set(listed(service)["workers"]) - workers))
    assert {one["active"] for one in listed(service)["workers"].values()} == before
    assert {shadowed.version, kept.version}.isdisjoint(before)
    assert listed(service)["desired"]["active"] in before


def test_nothing_is_trained_from_fewer_examples_than_are_asked_for(service: Running) -> None:
    versions = sorted((service.folder / "models" / "caller").glob("*/card.toml"))

    report = retrain.run(a_plan(service, since="90d"), a_retrainer(service), copied)

    assert report is None
    assert sorted((service.folder / "models" / "caller").glob("*/card.toml")) == versions


def test_a_shadow_that_is_refused_leaves_the_bundle_and_says_why(service: Running) -> None:
    plan = a_plan(service, target="127.0.0.1:1")

    report = retrain.run(plan, a_retrainer(service), copied)

    assert report.shadow.startswith("refused")
    assert (service.folder / "models" / "caller" / report.version / "card.toml").exists()
