"""Decisions that the models found here cannot explain."""

from pathlib import Path

import pytest
import typer

from classifiers import bundles
from classifiers.card import GoldenRow
from classifiers.velocity.classifier import read_inputs
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from services.cli.check import explanation
from tests.support.link_cascades import DEEP, a_link_bundle


def scored_by(version: str, score: float) -> decision_pb2.Decision:
    return decision_pb2.Decision(
        reason=decision_pb2.REASON_SCORED, model_version=version, score=score
    )


def test_another_version_cannot_explain_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        explanation.of_text(scored_by("not this one", 0.5), pb.Text(sender="110", body="hello"))

    assert "decided by model not this one" in capsys.readouterr().err


def test_another_score_cannot_explain_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    here = bundles.load_link().version

    with pytest.raises(typer.Exit):
        explanation.of_link(scored_by(here, 7.0), pb.Link(url="http://shop.example/a"))

    assert "the decision was 7.0000" in capsys.readouterr().err


def test_a_listed_decision_needs_no_model() -> None:
    listed = decision_pb2.Decision(reason=decision_pb2.REASON_BLOCKLISTED)

    found = explanation.of_text(listed, pb.Text(body="hello"))

    assert found.parts == ()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("paypa1.example", "'paypa1' is written with letters that look like paypal"),
        ("shop.example", ""),
    ],
)
def test_a_lookalike_domain_is_named_beside_the_contributions(host: str, said: str) -> None:
    url = f"http://{host}/login"
    model = bundles.load_link()
    decision = scored_by(model.version, float(model.score([url])[0]))

    found = explanation.of_link(decision, pb.Link(url=url))

    assert found.sentence.startswith(said)
    assert ("paypal" in found.sentence) == bool(said)
    assert found.parts


def a_marked_call(version: str, score: float | None = None) -> decision_pb2.Decision:
    """Make the decision on a call of a machine that dials a block of numbers."""
    facts = {
        "home_number": 1.0,
        "interconnect": 1.0,
        "attempts_minute": 4.0,
        "ended": 80.0,
        "attempts_ten_minutes": 30.0,
        "attempts_hour": 90.0,
        "neighbours": 85.0,
        "unanswered": 55.0,
        "brief": 12.0,
        "outgoing_calls": 90.0,
    }
    inputs = read_inputs([GoldenRow(inputs=facts, score=0.0)])
    found = float(bundles.load_velocity().score(inputs)[0])
    return decision_pb2.Decision(
        reason=decision_pb2.REASON_VELOCITY,
        velocity_version=version,
        velocity_score=found if score is None else score,
        velocity_inputs=facts,
    )


def test_a_marked_call_is_explained_by_the_inputs_of_the_server() -> None:
    version = bundles.load_velocity().version

    found = explanation.of_call(a_marked_call(version), local=False)

    assert "neighbour_share" in [part for part, weight in found.parts if weight > 0]


@pytest.mark.parametrize(("version", "score"), [("not this one", None), ("", 0.1)])
def test_another_velocity_model_cannot_explain_a_mark(version: str, score: float | None) -> None:
    here = bundles.load_velocity().version

    with pytest.raises(typer.Exit):
        explanation.of_call(a_marked_call(version or here, score), local=False)


def test_a_link_scored_by_either_stage_is_explained_by_that_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_link_bundle(tmp_path, "9")
    monkeypatch.setenv("FANZHA_MODELS_DIR", str(tmp_path))
    model = bundles.load_link(tmp_path)
    fast, final = model.fast_scores([DEEP]).item(), model.score([DEEP]).item()
    assert abs(fast - final) > explanation.SAME

    first = explanation.of_link(scored_by("9", fast), pb.Link(url=DEEP))
    second = explanation.of_link(scored_by("9", final), pb.Link(url=DEEP))

    assert second.sentence.startswith("A second stage decided. ")
    assert not first.sentence.startswith("A second stage decided. ")
    assert first.parts != second.parts


def test_a_link_that_facts_moved_is_explained_by_the_score_of_its_url() -> None:
    url = "http://shop.example/login"
    model = bundles.load_link()
    decision = scored_by(model.version, 0.999)
    alone = float(model.score([url])[0])
    decision.host_facts.update(
        {"domain_age_days": 3.0, "odds_ratio": 8.0, "model_score": alone},
    )

    found = explanation.of_link(decision, pb.Link(url=url))

    assert "(domain age days 3) multiplied the odds by 8" in found.sentence
    assert f"without it the score is {alone:.4f}" in found.sentence
