import pytest

from services.warning.policy import geocoder
from services.warning.policy.places import NamedRegion, places


@pytest.mark.parametrize(
    ("description", "place"),
    [
        ("安徽省马鞍山市", NamedRegion("340000", "340500")),
        ("北京市", NamedRegion("110000", "110100")),
        ("天津", NamedRegion("120000", "120100")),
        ("内蒙古乌兰察布", NamedRegion("150000", "150900")),
        ("吉林省吉林市", NamedRegion("220000", "220200")),
        ("湖北省襄樊市、襄樊市", NamedRegion("420000", "420600")),
        ("安徽省合肥市、巢湖市", NamedRegion("340000", "340100")),
        ("云南省芒市", NamedRegion("530000", "533100")),
        ("湖北省仙桃市", NamedRegion("420000", "429004")),
        ("Simao, Yunnan", NamedRegion("530000", "530800")),
        ("四川省内江市、资阳市", NamedRegion("510000", shared=True)),
    ],
)
def test_descriptions_of_numbers_become_codes(description: str, place: NamedRegion) -> None:
    assert places().find(description) == place


def test_a_place_outside_all_provinces_is_not_found() -> None:
    assert places().find("Jersey City, NJ") is None


def test_every_place_of_the_public_table_has_a_city_or_is_shared() -> None:
    found = {text: places().find(text) for text in set(geocoder.prefixes("86").values())}

    assert [
        text for text, place in found.items() if not place or not (place.city or place.shared)
    ] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("340500", "340500"),
        ("马鞍山市", "340500"),
        ("马鞍山", "340500"),
        ("安徽省马鞍山市", "340500"),
        ("安徽", "340000"),
        ("花山区", "花山区"),
        ("安徽省马鞍山市花山区", "安徽省马鞍山市花山区"),
    ],
)
def test_names_are_read_as_codes_where_they_have_one(text: str, code: str) -> None:
    assert places().code(text) == code


def test_a_label_names_a_city_like_beijing_once() -> None:
    assert places().label("110000", "110100") == "北京市"
    assert places().label("340000", "340500") == "安徽省马鞍山市"
    assert places().label("", "") == ""
