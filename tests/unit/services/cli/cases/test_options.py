import pytest
import typer

from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import warning_pb2
from services.cli.cases import display, options

NOW_MS = 1_764_000_000_000
MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("text", "fen"), [("", None), ("12000", 1_200_000), ("12,000.5", 1_200_050), ("0.01", 1)]
)
def test_an_amount_is_read_in_yuan(text: str, fen: int | None) -> None:
    assert options.fen(text) == fen


@pytest.mark.parametrize("text", ["x", "0", "-1", "1.001", "NaN", "Infinity"])
def test_an_invalid_amount_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        options.fen(text)


def test_means_are_read_as_kind_and_value() -> None:
    (took,) = options.means(["link:http://pay.example/a"], "--lost-to")

    assert (took.kind, took.value) == (warning_pb2.MEANS_KIND_LINK, "http://pay.example/a")
    for wrong in ("6222", "account:", "shop:1"):
        with pytest.raises(typer.BadParameter):
            options.means([wrong], "--lost-to")


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (pb.Case(due_at_ms=NOW_MS + 119 * MINUTE_MS), "in 119 min"),
        (pb.Case(due_at_ms=NOW_MS + 120 * MINUTE_MS), "in 2 h"),
        (pb.Case(due_at_ms=NOW_MS - 15 * MINUTE_MS), "overdue 15 min"),
        (pb.Case(due_at_ms=NOW_MS - 72 * 60 * MINUTE_MS), "overdue 3 d"),
        (pb.Case(needs_person=True), "a person is needed"),
        (pb.Case(), "nothing due"),
    ],
)
def test_a_deadline_is_shown_as_remaining_time(case: pb.Case, said: str) -> None:
    assert display.due(case, NOW_MS) == said
