import pytest

from fanzha.errors import InvalidInput, NotAllowed
from services.auth.identity import Identity, Role
from services.warning.desk import assignment, scope
from services.warning.model import Region

PROVINCE = Region(province="340000")
CITY = Region(province="340000", city="340500")
COUNTY = Region(province="340000", city="340500", county="340503")
NAMED = Region(province="340000", city="340500", county="花山区")
ELSEWHERE = Region(province="340000", city="340100", county="340102")
NOWHERE = Region(how="unknown")


def who(*regions: str) -> Identity:
    return Identity(name="wang", roles=frozenset({Role.DISPATCHER}), regions=frozenset(regions))


@pytest.mark.parametrize(
    ("regions", "seen"),
    [
        ([], [PROVINCE, CITY, COUNTY, NAMED, ELSEWHERE, NOWHERE]),
        (["34"], [PROVINCE, CITY, COUNTY, NAMED, ELSEWHERE]),
        (["340000"], [PROVINCE, CITY, COUNTY, NAMED, ELSEWHERE]),
        (["3405"], [CITY, COUNTY, NAMED]),
        (["340500"], [CITY, COUNTY, NAMED]),
        (["340503"], [COUNTY]),
        (["340503", "3401"], [COUNTY, ELSEWHERE]),
        (["33"], []),
    ],
)
def test_a_region_is_seen_by_those_above_it(regions: list[str], seen: list[Region]) -> None:
    every = [PROVINCE, CITY, COUNTY, NAMED, ELSEWHERE, NOWHERE]

    assert [one for one in every if scope.reaches(who(*regions), one)] == seen


@pytest.mark.parametrize(
    ("regions", "asked", "lists"),
    [
        ([], "", [""]),
        ([], "马鞍山市", ["3405"]),
        (["34"], "", ["34"]),
        (["34", "3405", "330106"], "", ["330106", "34"]),
        (["34"], "340503", ["340503"]),
        (["340503", "340102", "33"], "340000", ["340102", "340503"]),
        (["3405"], "花山区", ["3405"]),
        (["34050"], "", ["3405"]),
        (["340503001"], "", ["340503"]),
    ],
)
def test_a_list_is_limited_to_the_scope(regions: list[str], asked: str, lists: list[str]) -> None:
    assert list(scope.indexes(who(*regions), asked)) == lists


def test_a_region_elsewhere_is_refused() -> None:
    with pytest.raises(NotAllowed, match="region: wang has the scope 3405, not 3401"):
        scope.indexes(who("3405"), "340100")


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("340503", ("340000", "340500", "340503")),
        ("花山区", ("340000", "340500", "花山区")),
        ("340100", ("340000", "340100", "")),
        ("安徽省合肥市", ("340000", "340100", "")),
        ("34", ("340000", "", "")),
        ("429004", ("420000", "429004", "")),
    ],
)
def test_a_case_is_given_to_a_code_or_a_name(text: str, region: tuple[str, str, str]) -> None:
    found = assignment.read(text, CITY)

    assert (found.province, found.city, found.county) == region
    assert found.how == assignment.ASSIGNED


@pytest.mark.parametrize(
    ("text", "current"),
    [("99", CITY), ("34051", CITY), ("花山区", PROVINCE), ("花" * 61, CITY), ("花\n山", CITY)],
)
def test_an_unknown_region_is_refused(text: str, current: Region) -> None:
    with pytest.raises(InvalidInput, match="region: "):
        assignment.read(text, current)


def test_a_county_returns_a_case_to_its_city_only() -> None:
    assignment.check(who("340503"), COUNTY, CITY)

    for other in (ELSEWHERE, Region(province="340000", city="340500", county="340504")):
        with pytest.raises(NotAllowed):
            assignment.check(who("340503"), COUNTY, other)
