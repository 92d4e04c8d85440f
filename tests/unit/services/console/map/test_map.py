"""The map page without a browser: its address, layers, tiles, and the stages of an incident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from fanzha.v1 import case_pb2
from fanzha.v1 import warning_report_pb2 as pb
from services.console.map import incident, layers, layout, map_query
from services.console.map.layers import LAYERS, SHADES
from services.console.web.formats import ReaderFormats
from services.warning.policy.places import places

NOW_MS = 1_796_000_000_000  # 30 November 2026 in China
ENGLISH = ReaderFormats("en")


def read(text: str) -> map_query.MapQuery:
    return map_query.read(QueryParams(text), NOW_MS)


def test_without_an_address_the_last_thirty_days_are_shown_by_day() -> None:
    query = read("")

    request = query.request("", pb.MAP_LEVEL_CITY)
    assert (request.until_ms - request.since_ms) // 86_400_000 == 30
    assert request.step == pb.MAP_STEP_DAY
    assert not request.fraud_types


def test_long_periods_are_cut_by_month() -> None:
    assert read("days=365").request("", 2).step == pb.MAP_STEP_MONTH


def test_an_address_comes_back_as_it_was() -> None:
    text = "region=340100&layer=losses&kind=5&from=2026-01-02&to=2026-03-04&frame=2026-02"

    assert {name: str(value) for name, value in read(text).address().items()} == dict(
        QueryParams(text)
    )


FIELDS = ("region", "layer", "kind", "from", "to", "days", "frame", "level")


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30)))
def test_no_address_ends_in_a_fault(query: dict[str, str]) -> None:
    found = map_query.read(QueryParams(query), NOW_MS)

    request = found.request(found.region, 2)
    assert request.since_ms < request.until_ms
    assert found.layer in LAYERS


def test_all_provinces_have_a_tile_of_their_own() -> None:
    codes = [code for code in places().names if code.endswith("0000")]

    found = layout.of(codes)

    assert len(codes) == len(set(found.places)) == 34
    assert found.width > found.height


@given(st.lists(st.text("0123456789", min_size=6, max_size=6), max_size=60, unique=True))
def test_tiles_never_overlap_and_lie_on_the_drawing(codes: list[str]) -> None:
    found = layout.of(codes)

    assert len(found.places) == len(codes)
    if not all(code.endswith("0000") for code in codes):
        assert len(set(found.places)) == len(codes)
    assert all(place.x < found.width and place.y < found.height for place in found.places)


def test_the_largest_region_is_the_darkest_and_none_is_white() -> None:
    layer = LAYERS["exposure"]
    figures = [pb.MapFigures(exposed=count) for count in (0, 1, 50, 100)]
    most = layers.largest(layer, figures)

    shades = [layers.shade(layer, one, most) for one in figures]

    assert shades == [0, 1, 3, SHADES]


def test_what_is_withheld_is_said_to_be_few() -> None:
    few = pb.MapFigures(few=True)

    assert layers.text_of(LAYERS["exposure"], few, ENGLISH) == "few"
    assert layers.text_of(LAYERS["completion"], pb.MapFigures(), ENGLISH) == "–"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_losses_of_a_year_are_written_without_an_exponent(language: str) -> None:
    figures = pb.MapFigures(lost_fen=2_310_000_000_00, prevented_fen=56_000_000_00)

    texts = [
        layers.text_of(LAYERS[name], figures, ReaderFormats(language))
        for name in ("losses", "prevented")
    ]

    assert not any("e+" in text for text in texts)
    assert ReaderFormats("zh").short_number(23_100_000) == "2,310 万"


def test_an_incident_goes_from_monitoring_to_tracking() -> None:
    case = case_pb2.Case(occurred_at_ms=1_000, opened_at_ms=3_000)
    events = [
        case_pb2.CaseEvent(what=what, at_ms=at)
        for what, at in (("opened", 3_000), ("sent", 63_000), ("taken", 3_601_000))
    ]

    found = incident.stages(case, events)

    assert [(one.name, one.after_s) for one in found] == [
        ("monitoring", 0.0),
        ("warning", 62.0),
        ("disposal", 3600.0),
        ("tracking", None),
    ]
    assert {event.what for stage in found for event in stage.events} == {"opened", "sent", "taken"}
