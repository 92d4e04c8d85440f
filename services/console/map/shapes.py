"""The drawing of the map: a shape for each region with its name, value and darkness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fanzha.v1 import warning_report_pb2 as pb
from services.console.map import boundaries, layers, layout
from services.console.map.boundaries import Outline
from services.console.map.layers import MapLayer
from services.console.web.formats import ReaderFormats

_NAME = 7
"""Characters of a name that fit a tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapShape:
    """One region of the drawing."""

    code: str
    name: str
    short_name: str
    value: str
    shade: int
    x: int
    y: int
    """Of a tile, its corner; of an outline, its middle."""
    path: str = ""
    """Of an outline; empty: a tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDrawing:
    """All regions, and the size of the drawing."""

    shapes: Sequence[MapShape]
    width: int
    height: int
    from_file: bool
    """Whether outlines of the administrator's file are drawn."""


def draw(
    regions: Sequence[pb.MapRegion],
    figures: Sequence[pb.MapFigures],
    layer: MapLayer,
    formats: ReaderFormats,
    *,
    outlines: Mapping[str, Outline],
    most: float,
) -> MapDrawing:
    """Draw regions with *figures*, darkest at *most*."""
    codes = [region.code for region in regions]
    outlined = boundaries.drawn(outlines, codes)
    tiles = layout.of(codes)
    shapes = []
    for place, (region, one) in enumerate(zip(regions, figures, strict=True)):
        name = name_of(region, outlines, formats)
        x, y = outlined.centres[region.code] if outlined else tiles.places[place]
        shapes.append(
            MapShape(
                code=region.code,
                name=name,
                short_name=name if len(name) <= _NAME else f"{name[: _NAME - 1]}…",
                value=layers.text_of(layer, one, formats),
                shade=layers.shade(layer, one, most),
                x=x,
                y=y,
                path=outlined.paths[region.code] if outlined else "",
            )
        )
    size = (outlined.width, outlined.height) if outlined else (tiles.width, tiles.height)
    return MapDrawing(shapes=shapes, width=size[0], height=size[1], from_file=outlined is not None)


def name_of(region: pb.MapRegion, outlines: Mapping[str, Outline], formats: ReaderFormats) -> str:
    """Return the name of a region: of the file, of the service, or its code."""
    if region.code in outlines:
        return outlines[region.code].name
    return region.name or formats.pgettext("region", "unknown")
