"""Decisions that the models found here cannot explain."""

import pytest
import typer

from classifiers import bundles
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from services.cli import explanation


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
def test_a_borrowed_name_is_told_beside_what_the_model_weighed(host: str, said: str) -> None:
    url = f"http://{host}/login"
    model = bundles.load_link()
    decision = scored_by(model.version, float(model.score([url])[0]))

    found = explanation.of_link(decision, pb.Link(url=url))

    assert found.sentence.startswith(said)
    assert ("paypal" in found.sentence) == bool(said)
    assert found.parts
