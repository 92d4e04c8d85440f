"""Retrained models on a running service: in shadow, and nothing more."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from classifiers import bundles
from services.audit import keys
from services.cli._common.channel_words import ModelWord
from services.cli.models import retrain
from services.cli.models.retrain import RetrainPlan
from services.decision.model_kinds import ModelKind
from services.models.retrainer import Retrainer, TrainingLimits
from tests.support.checkout import CHECKOUT
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
    limits = TrainingLimits(seconds=600, memory_bytes=2**31)
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


SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path

from services.audit import keys
from services.cli._common.channel_words import ModelWord
from services.cli.models import retrain
from services.cli.models.retrain import RetrainPlan
from services.decision.model_kinds import ModelKind
from services.models.retrainer import Retrainer, TrainingLimits
from tests.integration.models.test_retrain import copied

how, models, target, key = sys.argv[1:]


def endless(bundle, examples):
    said = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'w')); time.sleep(999)"
    return [sys.executable, "-c", said, key + ".pid"]


plan = RetrainPlan(
    kind=ModelWord.CALL, models_dir=Path(models), data=None, examples=(), since="", least=50,
    measure=None, share=0.5, target=target, by="li",
)
limits = TrainingLimits(seconds=600, memory_bytes=2**31)
retrainer = Retrainer(ModelKind.CALL, Path(models), limits=limits, key=keys.open_key(Path(key)))
if how == "repeat":
    retrain.repeat(plan, retrainer, 0.1, command=copied)
else:
    retrain.once(plan, retrainer, command=endless)
"""


def a_script(how: str, service: Running, key: Path) -> list[str]:
    models = service.folder / "models"
    return [sys.executable, "-c", SCRIPT, how, str(models), service.admin, str(key)]


def test_a_retraining_that_is_ended_ends_its_training(service: Running, tmp_path: Path) -> None:
    written = tmp_path / "key.pid"
    with subprocess.Popen(a_script("once", service, tmp_path / "key"), cwd=CHECKOUT) as process:
        eventually(lambda: written.exists() and written.read_text().strip() != "")
        training = Path("/proc") / written.read_text().strip()

        process.send_signal(signal.SIGTERM)
        process.wait(120)

    eventually(lambda: not training.exists())
    assert process.returncode == 128 + signal.SIGTERM


def test_a_schedule_makes_signed_shadows_one_after_the_other_and_promotes_none(
    service: Running, tmp_path: Path
) -> None:
    before, models = active(service), service.folder / "models"
    for report in (models / "caller").glob("*.retrained.json"):
        os.utime(report, (0, 0))  # long ago, so that the first turn is due
    key = keys.open_key(tmp_path / "key")
    made = set(bundles.versions(models, "caller"))

    with subprocess.Popen(
        a_script("repeat", service, tmp_path / "key"),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = (line for line in process.stdout if "made in" in line)
        lines = [next(told), next(told)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

    new = sorted(set(bundles.versions(models, "caller")) - made, key=int)
    assert len(new) >= 2
    assert lines[0] != lines[1]
    assert process.returncode == 0
    for version in new[:2]:
        report = json.loads((models / "caller" / f"{version}.retrained.json").read_text())
        assert (report["key_id"], report["shadow"]) == (key.key_id, "in shadow, 0.5 of the batches")
        assert (models / "caller" / version / "signature.json").exists()
    assert active(service) == before


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
