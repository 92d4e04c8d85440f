"""The administrator's GeoJSON: what is drawn, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from fanzha.errors import InvalidConfiguration
from services.console.map import boundaries

SQUARE = [[[117.0, 31.0], [118.0, 31.0], [118.0, 32.0], [117.0, 32.0], [117.0, 31.0]]]


def feature(code: str, geometry: Any, name: str = "某区") -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name},
        "geometry": geometry,
    }


def written(folder: Path, *features: Any) -> Path:
    file = folder / f"map-{len(list(folder.iterdir()))}.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return file


def test_outlines_are_drawn_in_proportion(tmp_path: Path) -> None:
    east = [[[118.0, 31.0], [119.0, 31.0], [119.0, 32.0], [118.0, 31.0]]]
    file = written(
        tmp_path,
        feature("340102", {"type": "Polygon", "coordinates": SQUARE}),
        feature("340103", {"type": "MultiPolygon", "coordinates": [east]}),
    )

    found = boundaries.drawn(boundaries.load(file), ["340102", "340103"])

    assert found is not None
    assert found.width == boundaries.WIDTH
    # Two degrees of longitude by one of latitude, at 31.5 degrees north.
    assert found.height == pytest.approx(1000 / (2 * 0.8526), rel=0.01)
    assert found.paths["340102"].startswith("M0 ")
    assert found.centres["340102"][0] < found.centres["340103"][0]


def test_a_file_of_names_alone_draws_nothing(tmp_path: Path) -> None:
    outlines = boundaries.load(written(tmp_path, feature("340111", None, "包河区")))

    assert outlines["340111"].name == "包河区"
    assert boundaries.drawn(outlines, ["340111"]) is None


def test_a_region_that_is_missing_leaves_the_tiles(tmp_path: Path) -> None:
    file = written(tmp_path, feature("340102", {"type": "Polygon", "coordinates": SQUARE}))

    assert boundaries.drawn(boundaries.load(file), ["340102", "340199"]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        feature("3401", None),
        feature("340102", None, "x" * 41),
        feature("340102", None, "a\u202eb"),
        feature("340102", {"type": "Point", "coordinates": [117, 31]}),
        feature("340102", {"type": "Polygon", "coordinates": [[[500, 31], [1, 2], [3, 4]]]}),
        feature("340102", {"type": "Polygon", "coordinates": [[["x", 31]]]}),
        feature("340102", {"type": "Polygon", "coordinates": [[[float("nan"), 31.0]]]}),
        {"type": "Feature"},
        "text",
    ],
)
def test_a_wrong_feature_is_refused_with_its_number(tmp_path: Path, wrong: Any) -> None:
    file = written(tmp_path, feature("340101", None), wrong)

    with pytest.raises(InvalidConfiguration, match="feature 2"):
        boundaries.load(file)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"features": 3}', "[" * 100_000])
def test_what_is_no_collection_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.geojson"
    file.write_text(text)

    with pytest.raises(InvalidConfiguration, match="console_map_file"):
        boundaries.load(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="console_map_file"):
        boundaries.load(tmp_path / "none.geojson")
