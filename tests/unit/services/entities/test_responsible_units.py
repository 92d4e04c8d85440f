"""Units are stored as codes and shown by name, also in records from before there were codes."""

import pytest

from fanzha.translation.catalogue import LOCALES
from services.entities import exit_steps, responsible_units
from services.entities.responsible_units import UNITS, code_of, name_in
from services.incidents import departments, stages


@pytest.mark.parametrize("language", LOCALES)
def test_each_name_in_each_language_is_read_as_its_code(language: str) -> None:
    names = {code: name_in(code, language) for code in UNITS}

    assert len(set(names.values())) == len(UNITS)
    assert {code: code_of(f" {name.upper()} ") for code, name in names.items()} == {
        code: code for code in UNITS
    }


def test_names_differ_by_language() -> None:
    assert not {name_in(code, "en") for code in UNITS} & {name_in(code, "zh") for code in UNITS}


@pytest.mark.parametrize("unit", ["", "示例单位", "Example bureau ", "communications"])
def test_another_unit_is_what_somebody_wrote(unit: str) -> None:
    assert code_of(unit) == unit
    assert name_in(unit, "zh") == unit


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("communications bureau", "省通信管理局"),
        ("省通信管理局", "省通信管理局"),
        ("市反诈中心", "市反诈中心"),
        ("运营企业", "运营企业"),
        ("financial bureau", "地方金融管理部门"),
        ("central bank branch", "人民银行分支机构"),
        ("cyberspace administration", "网信部门"),
        ("carriers", "运营企业"),
        ("public security", "公安机关"),
        ("market regulation", "市场监督管理部门"),
    ],
)
def test_what_records_had_before_there_were_codes_is_read_in_chinese(
    stored: str, name: str
) -> None:
    assert name_in(code_of(stored), "zh") == name
    assert name_in(stored, "zh") == name


def test_units_of_the_files_that_come_along_have_codes() -> None:
    owners = {one.owner for one in exit_steps.load().values()}
    owners |= {one.owner for one in stages.load().values()}

    assert owners | departments.load().keys() == responsible_units.UNITS.keys()
