"""The map: what happens where, from the country down to a county, over days or months."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import case_pb2, decision_pb2
from fanzha.v1 import warning_report_pb2 as pb
from infra.clock import now_ms
from infra.csv_cells import SafeWriter
from services.console.backend.faults import BackendFault
from services.console.map import boundaries, incident, layers, map_query, shapes
from services.console.map.boundaries import Outline
from services.console.map.layers import LAYERS, MapLayer
from services.console.map.map_query import PRESETS, MapQuery
from services.console.map.shapes import MapDrawing
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_METHOD = "WarningReportService/GetFraudMap"
_CASES = "CaseService/ListCases"
_PROVINCE_DIGITS = 2
_CASES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the service answered, and what of it is drawn."""

    query: MapQuery
    found: pb.GetFraudMapResponse
    level: int
    layer: MapLayer
    outlines: Mapping[str, Outline]
    frame: int
    """Place of the step of time shown; -1: the whole period."""

    def figures(self, frame: int) -> list[pb.MapFigures]:
        """Return the figures of all regions in a step, or in the whole period."""
        if frame < 0:
            return [one.figures for one in self.found.regions]
        return list(self.found.frames[frame].regions)

    def most(self) -> float:
        """Return the value that is darkest: one scale for all steps, so that they compare."""
        if self.frame < 0:
            return layers.largest(self.layer, self.figures(-1))
        return layers.largest(
            self.layer, [one for frame in self.found.frames for one in frame.regions]
        )

    def drawing(self, visit: PageRequest) -> MapDrawing:
        """Return what is drawn."""
        return shapes.draw(
            self.found.regions,
            self.figures(self.frame),
            self.layer,
            visit.formats,
            outlines=self.outlines,
            most=self.most(),
        )


async def show(visit: PageRequest) -> Response:
    """Show the map, the same as a table, the hot spots, and the most urgent cases."""
    shown = await _shown(visit)
    return await visit.show(
        "map/index.html",
        query=shown.query,
        address=shown.query.address(),
        found=shown.found,
        level=shown.level,
        next_level=_below(shown.level),
        layer=shown.layer,
        layers=LAYERS.values(),
        legend=layers.legend(shown.layer, shown.most(), visit.formats) if shown.most() else [],
        drawing=shown.drawing(visit),
        rows=_rows(shown, visit),
        totals=shown.found.frames[shown.frame].all if shown.frame >= 0 else shown.found.all,
        frame=shown.frame,
        trail=_trail(shown),
        presets=PRESETS,
        kinds=_kinds(),
        FraudType=decision_pb2.FraudType,
        name_of=lambda code, name: shown.outlines[code].name if code in shown.outlines else name,
        cases=await _cases(shown.query.region, visit),
        CaseTier=case_pb2.CaseTier,
        CaseState=case_pb2.CaseState,
    )


async def frames(visit: PageRequest) -> Response:
    """Answer the script of the map: value and darkness of each region in each step of time."""
    shown = await _shown(visit)
    most = layers.largest(shown.layer, [r for f in shown.found.frames for r in f.regions])
    return visit.json(
        [
            {
                "start": frame.start,
                "all": layers.text_of(shown.layer, frame.all, visit.formats),
                "regions": [
                    [
                        region.code,
                        layers.text_of(shown.layer, figures, visit.formats),
                        layers.shade(shown.layer, figures, most),
                    ]
                    for region, figures in zip(shown.found.regions, frame.regions, strict=True)
                ],
            }
            for frame in shown.found.frames
        ]
    )


async def as_csv(visit: PageRequest) -> Response:
    """Answer with all figures of the regions, in total and by step of time, as a CSV file."""
    shown = await _shown(visit)
    lines = io.StringIO()
    names = [field.name for field in pb.MapFigures.DESCRIPTOR.fields]
    table = SafeWriter(lines)
    table.writerow(["region", "name", "step", *names])
    rows = [(region, "", region.figures) for region in shown.found.regions]
    for frame in shown.found.frames:
        rows += [
            (region, frame.start, figures)
            for region, figures in zip(shown.found.regions, frame.regions, strict=True)
        ]
    for region, start, figures in rows:
        name = shapes.name_of(region, shown.outlines, visit.formats)
        table.writerow([region.code, name, start, *(_cell(figures, one) for one in names)])
    # With a mark at its beginning, spreadsheets read it as what it is: UTF-8.
    return _file(f"\ufeff{lines.getvalue()}", "text/csv; charset=utf-8", "fanzha-map.csv")


async def as_svg(visit: PageRequest) -> Response:
    """Answer with the drawing as an SVG file, with its own colours."""
    shown = await _shown(visit)
    text = visit.part(
        "map/drawing.svg", drawing=shown.drawing(visit), layer=shown.layer, query=shown.query
    )
    return _file(text, "image/svg+xml", "fanzha-map.svg")


async def _shown(visit: PageRequest) -> _Shown:
    query = map_query.read(visit.query, now_ms())
    region, level = query.region, _level(query)
    request = query.request(region, level)
    if not region and level == pb.MAP_LEVEL_PROVINCE:
        # Of one province, its cities: a question without steps of time tells.
        probe = query.request(region, level)
        probe.step = pb.MAP_STEP_UNSPECIFIED
        if len((await visit.calls.unary(_METHOD, probe)).regions) <= 1:
            level = int(pb.MAP_LEVEL_CITY)
            request = query.request(region, level)
    found = await visit.calls.unary(_METHOD, request)
    starts = [frame.start for frame in found.frames]
    return _Shown(
        query=query,
        found=found,
        level=level,
        layer=LAYERS[query.layer],
        outlines=boundaries.load(visit.parts.settings.console_map_file),
        frame=starts.index(query.frame) if query.frame in starts else -1,
    )


def _level(query: MapQuery) -> int:
    """Return how finely the chosen region is told apart."""
    if query.everywhere:
        return int(pb.MAP_LEVEL_COUNTY)
    if not query.region:
        return int(pb.MAP_LEVEL_PROVINCE)
    province = query.region.isdecimal() and len(query.region.rstrip("0")) <= _PROVINCE_DIGITS
    return int(pb.MAP_LEVEL_CITY if province else pb.MAP_LEVEL_COUNTY)


def _below(level: int) -> bool:
    """Return whether regions of a level have regions below them."""
    return level != pb.MAP_LEVEL_COUNTY


def _rows(shown: _Shown, visit: PageRequest) -> list[dict[str, Any]]:
    """Return the table: all figures of each region, the highest of the layer first."""
    rows = [
        {
            "code": region.code,
            "name": shapes.name_of(region, shown.outlines, visit.formats),
            "figures": figures,
            "value": shown.layer.value(figures),
            "text": layers.text_of(shown.layer, figures, visit.formats),
        }
        for region, figures in zip(shown.found.regions, shown.figures(shown.frame), strict=True)
    ]
    return sorted(rows, key=lambda row: -(row["value"] or 0.0))


def _trail(shown: _Shown) -> list[tuple[str, str]]:
    """Return the regions above the chosen one, and itself: code and name."""
    names = shown.outlines
    return [
        (one.code, names[one.code].name if one.code in names else one.name)
        for one in shown.found.trail
    ]


def _kinds() -> list[int]:
    return [one.number for one in decision_pb2.FraudType.DESCRIPTOR.values if one.number]


async def _cases(region: str, visit: PageRequest) -> list[case_pb2.Case] | None:
    """Return the most urgent open cases of a region; None without the role, or an answer."""
    if not visit.may(_CASES):
        return None
    request = case_pb2.ListCasesRequest(region=region, page_size=_CASES_SHOWN)
    try:
        answer = await visit.calls.unary(_CASES, request)
    except BackendFault:
        return None
    return list(answer.cases)


def _cell(figures: pb.MapFigures, name: str) -> str:
    if name == "prevented_fen" and not figures.HasField("prevented_fen"):
        return ""
    value = getattr(figures, name)
    if figures.few:
        return "1" if name == "few" else ""
    return str(int(value))


def _file(text: str, media_type: str, name: str) -> Response:
    return Response(
        text,
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


PAGE = ConsolePage(
    name="map",
    title=gettext_noop("Map"),
    key="m",
    needs=(_METHOD,),
    routes=(
        PageRoute(path="", view=show),
        PageRoute(path="/frames", view=frames),
        PageRoute(path="/map.csv", view=as_csv),
        PageRoute(path="/map.svg", view=as_svg),
        PageRoute(path="/incident/{case_id}", view=incident.show, needs=incident.NEEDS),
    ),
    keys=(
        KeyHelp(key="p", does=gettext_noop("Play the steps of time, or stop")),
        KeyHelp(key="[", does=gettext_noop("A step of time earlier")),
        KeyHelp(key="]", does=gettext_noop("A step of time later")),
        KeyHelp(key="+", does=gettext_noop("Zoom in")),
        KeyHelp(key="-", does=gettext_noop("Zoom out")),
        KeyHelp(key="u", does=gettext_noop("Go up to the region around")),
    ),
)
