"""The formula of the assessment: what a share earns, and what is refused."""

from pathlib import Path

import pytest

from services.assessment import formula, units
from services.assessment.measures import NAMES
from services.assessment.units import UnitLevel
from services.cli._common.enum_words import EXTRA

FORMULA = """version = "2"
minutes = 15
[measures.reached]
weight = 75
floor = 0.5
target = 0.9
[measures.accuracy]
weight = 25
floor = 0.0
target = 1.0
"""
UNITS = '[hefei]\nname = "合肥市"\nlevel = "city"\nregion = "3401"\n'


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("counts", "score"),
    [
        ({"reached": (10, 9), "accuracy": (4, 4)}, 100.0),
        ({"reached": (10, 10), "accuracy": (4, 4)}, 100.0),
        ({"reached": (10, 5), "accuracy": (4, 4)}, 25.0),
        ({"reached": (10, 0), "accuracy": (4, 0)}, 0.0),
        ({"reached": (10, 7), "accuracy": (4, 2)}, 50.0),
        ({"reached": (10, 7), "accuracy": (0, 0)}, 50.0),
        ({"reached": (10, 9)}, 100.0),
        ({}, None),
    ],
)
def test_a_score_is_of_what_can_be_measured(
    tmp_path: Path, counts: dict[str, tuple[int, int]], score: float | None
) -> None:
    found, shares = formula.load(own(tmp_path, FORMULA)).scored(counts)

    assert found == (score if score is None else pytest.approx(score, abs=0.005))
    assert all((one.points is None) == (not one.of) for one in shares.values())


def test_the_formula_that_comes_along_weighs_each_measure() -> None:
    assert set(formula.load().measures) == set(NAMES)


def test_each_measure_and_level_has_a_word_for_people() -> None:
    words = {word for context, word in EXTRA if context == "measure"}
    levels = {word for context, word in EXTRA if context == "unit_level"}

    assert words == {name.replace("_", " ") for name in NAMES}
    assert levels == {level.value for level in UnitLevel}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (FORMULA.replace("weight = 75", "weight = 70"), "add up to 100"),
        (FORMULA.replace("floor = 0.5", "floor = 0.9"), "floor less than target"),
        (FORMULA.replace("target = 0.9", "target = 1.5"), "from 0 to 1"),
        (FORMULA.replace("minutes = 15", "minutes = 0"), "minutes is a number"),
        (FORMULA.replace('version = "2"', "version = 2"), "version is a text"),
        (FORMULA.replace("reached", "luck"), "measures are of"),
        (FORMULA.replace("weight = 75\n", ""), "has weight, floor and target"),
        (FORMULA.replace("weight = 75", 'weight = "75"'), "are numbers"),
        ("version = 1", "has version, minutes and measures"),
    ],
)
def test_a_wrong_formula_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        formula.load(own(tmp_path, text))


def test_units_are_read_by_code(tmp_path: Path) -> None:
    (unit,) = units.load(own(tmp_path, UNITS)).values()

    assert (unit.code, unit.name, unit.level, unit.region) == (
        "hefei", "合肥市", UnitLevel.CITY, "3401",
    )  # fmt: skip
    assert units.load(None) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no unit"),
        (UNITS.replace("hefei", "Hefei"), "small letters"),
        (UNITS.replace('"city"', '"village"'), "level is one of"),
        (UNITS.replace('"3401"', '"340"'), "two, four or six digits"),
        (UNITS.replace('"合肥市"', '""'), "name: required"),
        (UNITS + 'chief = "li"\n', "a table of"),
    ],
)
def test_a_wrong_file_of_units_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        units.load(own(tmp_path, text))
