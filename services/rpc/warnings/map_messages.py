"""Converts the map of fraud from and to messages."""

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import warning_report_pb2 as pb
from services.warning.reports.map_model import (
    MapFigures,
    MapLevel,
    MapRequest,
    MapStep,
    RegionMap,
)

_PLAIN = (
    "exposed",
    "contacts",
    "high",
    "warned",
    "reached",
    "finished",
    "safe",
    "lost_money",
    "unreachable",
    "false_alarms",
    "lost_known",
    "lost_fen",
)
"""Fields of the same name in `METRICS`."""


def asked(request: pb.GetFraudMapRequest) -> MapRequest:
    """Read a request; raise `InvalidInput` for numbers of a later release."""
    try:
        level = MapLevel(request.level or MapLevel.CITY)
        step = MapStep(request.step)
        kinds = frozenset(int(FraudType(kind)) for kind in request.fraud_types)
    except ValueError as error:
        raise InvalidInput(
            "level, step, fraud_types: unknown number: {error}", error=error
        ) from None
    return MapRequest(
        region=request.region,
        level=level,
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        kinds=kinds,
        step=step,
    )


def answer(made: RegionMap) -> pb.GetFraudMapResponse:
    """Write an answer."""
    return pb.GetFraudMapResponse(
        made_at_ms=made.made_at_ms,
        first_day=made.first_day,
        all=_figures(made.all),
        regions=[
            pb.MapRegion(code=one.code, name=one.name, figures=_figures(one.figures))
            for one in made.regions
        ],
        frames=[
            pb.MapFrame(start=one.start, all=_figures(one.all), regions=map(_figures, one.regions))
            for one in made.frames
        ],
        hot_spots=[
            pb.HotSpot(
                region=one.region,
                name=one.name,
                fraud_type=FraudType(one.kind).value,  # type: ignore[arg-type]
                day=one.day,
                exposed=one.exposed,
                usual=one.usual,
            )
            for one in made.hot_spots
        ],
        estimated_kinds=made.estimated_kinds,
        trail=[pb.MapPlace(code=code, name=name) for code, name in made.trail],
    )


def _figures(figures: MapFigures) -> pb.MapFigures:
    if figures.few:
        return pb.MapFigures(few=True)
    written = pb.MapFigures()
    for name in _PLAIN:
        setattr(written, name, figures[name])
    if figures.prevented_fen is not None:
        written.prevented_fen = figures.prevented_fen
    return written
