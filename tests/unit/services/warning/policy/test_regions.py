from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from services.warning.model import Region
from services.warning.policy import counties, number_table
from services.warning.policy.metrics import RulebookMetrics
from services.warning.policy.number_table import NOWHERE
from services.warning.policy.regions import RegionFinder

COUNTIES = "city,county,weight\n马鞍山市,340503,3\n340500,340504,1\n"


@pytest.fixture(scope="module")
def public() -> RegionFinder:
    return RegionFinder.load()


def a_file(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_fixed_and_mobile_numbers_are_of_the_city_of_their_prefix(public: RegionFinder) -> None:
    assert public.of(["+8655500000001", "+8613000000001"]) == [
        Region(province="340000", city="340500", how="prefix"),
        Region(province="370000", city="370100", how="prefix"),
    ]


def test_an_area_code_shared_by_cities_gives_only_the_province(public: RegionFinder) -> None:
    assert public.of(["+862800000001"]) == [Region(province="510000", how="shared")]


def test_foreign_and_unknown_numbers_have_no_region_and_are_counted() -> None:
    regions = RegionFinder.load()

    found = regions.of(["+12025550101", "+8619900000001", "anything", ""])

    assert [region.how for region in found] == ["foreign", "unknown", "unknown", "unknown"]
    assert (regions.counts["foreign"], regions.counts["unknown"]) == (1, 3)


@given(
    st.lists(
        st.sampled_from(
            [
                8613000000001,
                862800000001,
                12025550101,
                8619900000001,
                8655500000001,
                8617000000009,
                0,
                -95588,
            ]
        )
    )
)
def test_a_column_of_numbers_has_the_regions_that_its_numbers_have(numbers: list[int]) -> None:
    finder = RegionFinder(
        own=(number_table.build([("8617000000009", 0)]), [Region(province="440000", how="ported")])
    )
    known = finder.of([f"+{number}" if number > 0 else "" for number in numbers])

    places, names = finder.places_of(np.array(numbers, np.int64))

    assert [names[place] for place in places.tolist()] == [
        one.city or one.province or one.how for one in known
    ]


def test_metrics_count_how_regions_were_found() -> None:
    regions = RegionFinder.load()
    registry = CollectorRegistry()
    registry.register(RulebookMetrics(regions, lambda: 2))

    regions.of(["+12025550101", "+8655500000001", "+8655500000002"])

    found = {how: registry.get_sample_value("fanzha_warning_regions_total", {"how": how})
             for how in ("foreign", "prefix", "shared")}  # fmt: skip
    assert registry.get_sample_value("fanzha_warning_facts_left_out_total") == 2
    assert found == {"foreign": 1, "prefix": 2, "shared": 0}


def test_a_custom_table_comes_first_and_a_number_before_a_prefix(tmp_path: Path) -> None:
    table = a_file(
        tmp_path,
        "# moved\nnumber,province,city,county\n+861990000*,安徽,马鞍山,\n"
        "+8619900000001,340000,340100,340102\n",
    )
    regions = RegionFinder.load(table=table)

    found = regions.of(["+8619900000001", "+8619900000002", "+8613000000001"])

    assert found == [
        Region(province="340000", city="340100", county="340102", how="ported"),
        Region(province="340000", city="340500", how="table"),
        Region(province="370000", city="370100", how="prefix"),
    ]


def test_a_city_with_rules_gives_each_person_one_county_by_weight(tmp_path: Path) -> None:
    regions = RegionFinder.load(county_rules=a_file(tmp_path, COUNTIES))
    numbers = [f"+86555{number:08d}" for number in range(4000)]

    first, again = regions.of(numbers), regions.of(numbers)

    assert first == again
    share = sum(region.county == "340503" for region in first) / len(first)
    assert 0.7 < share < 0.8


def test_another_home_country_goes_by_names() -> None:
    regions = RegionFinder.load(home_country="1")

    assert regions.of(["+12012000100"]) == [Region(province="NJ", city="Jersey City", how="prefix")]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("number,city\n", "the header has no province"),
        ("number,province,place\n", "unknown 'place'"),
        ("number,province\n17000000001,安徽\n", ":2: no number such as"),
        ("number,province\n+861700000*,\n", ":2: province is required"),
        ("number,province\n+861700000*,安徽,x\n", ":2: more cells"),
    ],
)
def test_a_wrong_table_names_the_row(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        RegionFinder.load(table=a_file(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "regions.csv"
    file.write_bytes("# 移机\r\nnumber,province,city\r\n+861700000*,安徽,合肥\r\n".encode(encoding))

    (region,) = RegionFinder.load(table=file).of(["+8617000000001"])

    assert (region.province, region.city) == ("340000", "340100")


def test_a_misspelt_city_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    RegionFinder.load(
        table=a_file(
            tmp_path, "number,province,city\n+861700000*,安徽,合肥市x\n+861700001*,安徽,合肥\n"
        )
    )

    assert "1 places have no code" in caplog.text
    assert "合肥市x" in caplog.text


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("340500,330102,1", "is not in city 340500"),
        ("340500,340503,0", "weight: 1 to"),
        ("340500,,1", "are required"),
        ("340500,340503,1\n340500,340503,2", ":3: county 340503 is there twice"),
    ],
)
def test_wrong_rules_of_assignment_name_the_row(tmp_path: Path, rows: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        counties.load(a_file(tmp_path, f"city,county,weight\n{rows}\n"))


digits = st.text("123", min_size=1, max_size=4)


@given(st.dictionaries(digits, st.integers(0, 9)), st.lists(digits, min_size=1))
def test_the_table_agrees_with_a_linear_scan(listed: dict[str, int], numbers: list[str]) -> None:
    table = number_table.build(listed.items())

    found = table.find(number_table.as_keys(numbers)).tolist()

    for number, place in zip(numbers, found, strict=True):
        heads = [head for head in listed if number.startswith(head)]
        assert place == (listed[max(heads, key=len)] if heads else NOWHERE)
