"""Lists of cases fit a small screen, and what was noted cannot look like something else."""

import pytest

from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli.cases import display

NOW_MS = 1_764_000_000_000
CASE = pb.Case(
    case_id="725c4f26bd3c5456d438",
    victim="**********0005",
    state=pb.CASE_STATE_DISSUADING,
    tier=pb.CASE_TIER_MEDIUM,
    province="340000",
    city="340100",
    county="340104",
    fraud_type=decision_pb2.FRAUD_TYPE_IMPERSONATE_AUTHORITY,
    warnings=1,
    officer="wang",
    due_at_ms=NOW_MS + 3_600_000,
)


def test_a_case_has_one_line_with_its_whole_id(capsys: pytest.CaptureFixture[str]) -> None:
    display.show_list([CASE], NOW_MS)

    _, line = capsys.readouterr().out.splitlines()
    assert line.split() == [
        *("725c4f26bd3c5456d438", "medium", "dissuading", "in", "60", "min", "*0005"),
        *("合肥市", "340104", "impersonate_authority", "1", "wang"),
    ]


def test_further_lines_of_a_note_stand_under_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    display.show_history(
        [pb.CaseEvent(what="noted", by="he", at_ms=NOW_MS, why="a\n2026-11-25 closed by x")]
    )

    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("noted by he; a")
    assert second.startswith(" " * 14)


def test_a_raised_tier_without_lines_has_no_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    display.show_history([pb.CaseEvent(what="tiered", by="intake", tier=pb.CASE_TIER_LOW)])

    assert capsys.readouterr().out.strip().endswith("tiered by intake; low")
