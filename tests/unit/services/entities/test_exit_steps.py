"""The file of exit steps: what it says, and what is refused."""

from pathlib import Path

import pytest

from services.cli._common.enum_words import EXTRA
from services.entities import exit_steps
from services.entities.model import IdentifierKind

STEP = '[icp_cancelled]\ntitle = "The record is cancelled"\nowner = "bureau"\ndays = 30\n'


def test_the_steps_that_come_along_end_hosts_numbers_and_senders() -> None:
    steps = exit_steps.load()

    assert next(iter(steps)) == "icp_cancelled"
    assert steps["icp_cancelled"].ends == {IdentifierKind.HOST}
    assert steps["numbers_barred"].ends == {IdentifierKind.NUMBER, IdentifierKind.SENDER}


def test_each_step_that_comes_along_has_a_word_for_people() -> None:
    words = {word for context, word in EXTRA if context == "exit_step"}

    assert words == {name.replace("_", " ") for name in exit_steps.load()}


def test_a_file_replaces_them(tmp_path: Path) -> None:
    (tmp_path / "steps.toml").write_text(STEP)

    (step,) = exit_steps.load(tmp_path / "steps.toml").values()

    assert (step.name, step.owner, step.days, step.ends) == (
        "icp_cancelled", "bureau", 30, frozenset(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no step"),
        ("icp = 1", "a table of"),
        (STEP + "colour = 1", "a table of"),
        (STEP.replace("30", "0"), "days"),
        (STEP.replace("30", "true"), "days"),
        (STEP.replace('"bureau"', '""'), "owner"),
        (STEP + 'ends = ["colour"]', "host, number or sender"),
        (STEP + "ends = []", "not a list of words"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "steps.toml").write_text(text)

    with pytest.raises(ValueError, match=why):
        exit_steps.load(tmp_path / "steps.toml")
