"""The layers of the map: which figure of a region each shows, how it is written, how dark it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import warning_report_pb2 as pb
from services.console.web.formats import ReaderFormats

SHADES = 5
"""Steps of darkness; 0 is none."""


class MapLayer(NamedTuple):
    """One layer."""

    name: str
    title: str
    """A text of the catalogues."""
    about: str
    """What it means, likewise."""
    value: Callable[[pb.MapFigures], float | None]
    """None where it is not known."""
    written: Callable[[float, ReaderFormats], str]
    is_share: bool = False
    """Whether it is shaded by its own size, not by the largest region."""


def _share(part: str, whole: str) -> Callable[[pb.MapFigures], float | None]:
    def value(figures: pb.MapFigures) -> float | None:
        all_ = getattr(figures, whole)
        return getattr(figures, part) / all_ if all_ else None

    return value


def _count(value: float, formats: ReaderFormats) -> str:
    return formats.number(value)


def _percent(value: float, formats: ReaderFormats) -> str:
    return formats.percent(value, 0)


def _yuan(value: float, formats: ReaderFormats) -> str:
    return f"¥{formats.short_number(round(value / 100))}"


LAYERS: Mapping[str, MapLayer] = {
    one.name: one
    for one in (
        MapLayer(
            "exposure",
            gettext_noop("Exposure"),
            gettext_noop("People at risk: cases opened, without duplicates."),
            lambda figures: None if figures.few else float(figures.exposed),
            _count,
        ),
        MapLayer(
            "warnings",
            gettext_noop("Warnings"),
            gettext_noop("Share of people at risk whom a warning reached."),
            _share("reached", "exposed"),
            _percent,
            is_share=True,
        ),
        MapLayer(
            "completion",
            gettext_noop("Completion"),
            gettext_noop("Share of cases that are finished: closed, or low and reached."),
            _share("finished", "exposed"),
            _percent,
            is_share=True,
        ),
        MapLayer(
            "prevented",
            gettext_noop("Losses prevented"),
            gettext_noop(
                "Estimate: people reached, times the share of others that lost money, less those "
                "who lost it all the same, times the mean loss, by kind of fraud."
            ),
            lambda figures: (
                float(figures.prevented_fen) if figures.HasField("prevented_fen") else None
            ),
            _yuan,
        ),
        MapLayer(
            "losses",
            gettext_noop("Losses"),
            gettext_noop("Money lost, as far as it is known."),
            lambda figures: None if figures.few else float(figures.lost_fen),
            _yuan,
        ),
    )
}


def text_of(layer: MapLayer, figures: pb.MapFigures, formats: ReaderFormats) -> str:
    """Write the figure of a region; a dash where it is not known."""
    if figures.few:
        return formats.pgettext("map", "few")
    value = layer.value(figures)
    return "–" if value is None else layer.written(value, formats)


def largest(layer: MapLayer, all_figures: Sequence[pb.MapFigures]) -> float:
    """Return the value that is darkest; 1 for shares."""
    if layer.is_share:
        return 1.0
    return max((layer.value(one) or 0.0 for one in all_figures), default=0.0)


def shade(layer: MapLayer, figures: pb.MapFigures, most: float) -> int:
    """Return how dark a region is, from 0 to `SHADES`."""
    value = layer.value(figures)
    if not value or not most:
        return 0
    return min(SHADES, 1 + int(value / most * (SHADES - 0.001)))


def legend(layer: MapLayer, most: float, formats: ReaderFormats) -> list[tuple[int, str]]:
    """Return each step of darkness with the value from which it begins."""
    return [
        (step, layer.written(most * (step - 1) / SHADES, formats)) for step in range(1, SHADES + 1)
    ]
