"""The files of stages and departments: what they say, and what is refused."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput
from fanzha.translation.message import localized
from services.incidents import departments, stages
from services.incidents.departments import DataClass
from services.incidents.model import HandlingStage

STAGES = "".join(
    f'[{name}]\ntitle = "x"\nowner = "bureau"\nhours = 24\n'
    for name in ("monitoring", "warning", "disposal", "tracking")
)
POLICE = '[police]\ntitle = "Police"\nlegal_basis = "Act 1"\ndays = 7\n'


def test_each_stage_that_comes_along_has_an_owner_and_a_deadline() -> None:
    found = stages.load()

    assert list(found) == [stage for stage in HandlingStage if stage is not HandlingStage.CLOSED]
    assert all(one.owner and one.hours for one in found.values())


def test_only_the_police_and_nobody_else_sees_people_at_risk() -> None:
    found = departments.load()

    assert [one.name for one in found.values() if DataClass.PERSON in one.whole] == [
        "public_security"
    ]
    assert not any(DataClass.PERSON in one.masked for one in found.values())


def test_a_file_replaces_them(tmp_path: Path) -> None:
    (tmp_path / "stages.toml").write_text(STAGES)
    (tmp_path / "departments.toml").write_text(POLICE + 'whole = ["link"]\nmasked = ["suspect"]')

    assert {one.hours for one in stages.load(tmp_path / "stages.toml").values()} == {24}
    (police,) = departments.load(tmp_path / "departments.toml").values()
    assert police.whole == {DataClass.LINK}
    assert police.masked == {DataClass.SUSPECT}


@pytest.mark.parametrize(
    ("load", "text", "why"),
    [
        (stages.load, STAGES.replace("[tracking]", "[later]"), "not more and not fewer"),
        (stages.load, STAGES.replace("hours = 24", "hours = 0"), "hours is a number"),
        (stages.load, STAGES.replace("hours = 24", "hours = true"), "hours is a number"),
        (stages.load, STAGES.replace('owner = "bureau"', 'owner = ""'), "owner: required"),
        (stages.load, STAGES.replace('owner = "bureau"\n', ""), "a table of"),
        (stages.load, "[monitoring\n", "stages.toml"),
        (departments.load, "", "has no department"),
        (departments.load, POLICE.replace("police", "Police"), "small letters"),
        (departments.load, POLICE.replace("days = 7", "days = 0"), "days is a number"),
        (departments.load, POLICE.replace('title = "Police"', ""), "title: required"),
        (departments.load, POLICE + 'whole = ["all"]', "none of"),
        (departments.load, POLICE + 'whole = ["link"]\nmasked = ["link"]', "whole and masked"),
        (departments.load, POLICE + 'shown = ["link"]', "a table of"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(
    tmp_path: Path, load: Callable[[Path], Mapping[object, object]], text: str, why: str
) -> None:
    file = tmp_path / "stages.toml"
    file.write_text(text)

    with pytest.raises(ValueError, match=why):
        load(file)


def test_an_unknown_department_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="public_security"):
        departments.find(departments.load(), "navy")


def test_a_department_is_found_by_its_code_and_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "departments.toml").write_text(POLICE)
    own = departments.load(tmp_path / "departments.toml")

    for name in ("tax", " 税务部门", "Tax authority"):
        assert departments.find(departments.load(), name).name == "tax"
    assert departments.find(own, "Police").name == "police"
    assert departments.title_of(own, "police") == "Police"
    assert localized(departments.title_of(own, "tax"), "zh") == "税务部门"
