"""How dialogues ended, and when variants differ."""

import pytest

from services.warning.robot.report import figures, newcombe
from services.warning.robot.script import RobotOutcome

A, B = "sms.zh@1:a", "sms.zh@1:b"


def test_a_script_without_an_end_has_no_share() -> None:
    (one,) = figures({A: {"begun": 3}})

    assert (one.begun, one.ends, one.understood, one.difference) == (3, 0, None, None)


def test_variants_are_compared_with_the_first_of_their_script() -> None:
    other, first, second = figures(
        {
            B: {"begun": 100, "understood": 80, "paid": 10},
            A: {"begun": 100, "understood": 40, "lost": 50},
            "sms.en@1:a": {"begun": 1, "understood": 1},
        }
    )

    assert first.script == A
    assert second.difference == pytest.approx(80 / 90 - 40 / 90)
    assert second.differs
    assert other.difference is None
    assert second.ended == {RobotOutcome.UNDERSTOOD: 80, RobotOutcome.PAID: 10}


def test_few_dialogues_leave_it_to_chance() -> None:
    _, second = figures({A: {"begun": 4, "understood": 2, "lost": 2},
                         B: {"begun": 4, "understood": 3, "lost": 1}})  # fmt: skip

    assert not second.differs


def test_the_interval_is_that_of_newcombe() -> None:
    # Newcombe 1998, example (a): 56/70 against 48/80.
    found = newcombe((56, 70), (48, 80))

    assert found.low == pytest.approx(0.0524, abs=5e-4)
    assert found.high == pytest.approx(0.3339, abs=5e-4)
