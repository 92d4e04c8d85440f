"""`fanzha report map`: cases by region, kind of fraud and day, as a table, CSV and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blocklists.importers import vocabulary as list_words
from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2
from fanzha.v1 import warning_report_pb2 as pb
from infra import atomic_file
from infra.clock import now_ms
from infra.csv_cells import SafeWriter
from services.cli._common.choices import enum_number
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import shown_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import Since, Until, moment
from services.cli.report.options import server

LEVELS = ("province", "city", "county")
STEPS = ("day", "month")
_COUNTS = (
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
    "prevented_fen",
)

_Region = Annotated[str, typer.Option(help="Only this province, city or county, by code or name.")]
_Level = Annotated[str, typer.Option(help=f"How finely: {', '.join(LEVELS)}.")]
_Step = Annotated[str, typer.Option(help="Cut time by day or month; empty: not at all.")]
_Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only this kind of fraud; may be repeated.")
]
_Csv = Annotated[
    Path | None, typer.Option("--csv", dir_okay=False, help="File for all figures, UTF-8.")
]


def fraud_map(
    since: Since = "30d",
    until: Until = "",
    region: _Region = "",
    level: _Level = "city",
    kinds: _Kinds = None,
    step: _Step = "",
    csv_file: _Csv = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Count cases by region, kind of fraud and day; with the days that stand out.

    What was not lost is an estimate; docs/how-to/warning-reports.md says how it is made.
    """
    request = pb.GetFraudMapRequest(
        since_ms=moment(since, now_ms(), "--since"),
        until_ms=moment(until, now_ms(), "--until"),
        region=region,
        level=enum_number(level, pb.MapLevel, "--level"),
        step=enum_number(step, pb.MapStep, "--step"),
        fraud_types=[_kind(word) for word in kinds or ()],
    )
    with server(target) as stub:
        found: pb.GetFraudMapResponse = stub.GetFraudMap(request)
    if as_json:
        print_json(found)
    else:
        _show(found)
    if csv_file is not None:
        _write(found, csv_file)


def _kind(word: str) -> decision_pb2.FraudType.ValueType:
    found = list_words.FRAUD_TYPES.get(word)
    if found is None:
        raise typer.BadParameter(
            gettext("{word!r} is no kind of fraud", word=word), param_hint="--kind"
        )
    return decision_pb2.FraudType.Value(f"FRAUD_TYPE_{found.name}")


def _show(found: pb.GetFraudMapResponse) -> None:
    table = RowTable(gettext("region"))
    for head in (
        gettext("at risk"),
        gettext("warned"),
        gettext("reached"),
        gettext("finished"),
        gettext("lost money"),
        gettext("lost, yuan"),
        gettext("not lost, yuan (estimate)"),
    ):
        table.add_column(head, right=True)
    rows = [(gettext("all"), found.all), *((one.name, one.figures) for one in found.regions)]
    for name, figures in rows:
        table.add_row(name or gettext("unknown"), *_cells(figures))
    table.print()
    if not found.hot_spots:
        return
    out.print()
    spots = RowTable(gettext("day"), gettext("region"), gettext("kind of fraud"))
    spots.add_column(gettext("at risk"), right=True)
    spots.add_column(gettext("usual"), right=True)
    for one in found.hot_spots:
        kind = shown_word(decision_pb2.FraudType, one.fraud_type)
        spots.add_row(one.day, one.name, kind, f"{one.exposed:,}", f"{one.usual:.1f}")
    spots.print()


def _cells(figures: pb.MapFigures) -> list[str]:
    if figures.few:
        return [gettext("few"), *["–"] * 6]
    share = [f"{getattr(figures, name):,}" for name in ("exposed", "warned", "reached", "finished")]
    guess = f"{figures.prevented_fen / 100:,.0f}" if figures.HasField("prevented_fen") else "–"
    return [*share, f"{figures.lost_money:,}", f"{figures.lost_fen / 100:,.0f}", guess]


def _write(found: pb.GetFraudMapResponse, file: Path) -> None:
    """Write a row of each region, then one of each region and step of time."""
    # With a mark at its beginning, spreadsheets read it as what it is: UTF-8.
    with atomic_file.replacing_text(file, encoding="utf-8-sig") as lines:
        table = SafeWriter(lines)
        table.writerow(["region", "name", *_COUNTS, "few", "step"])
        for one in found.regions:
            table.writerow([one.code, one.name, *_values(one.figures), ""])
        for frame in found.frames:
            for region, figures in zip(found.regions, frame.regions, strict=True):
                table.writerow([region.code, region.name, *_values(figures), frame.start])


def _values(figures: pb.MapFigures) -> list[str]:
    counts = ["" if figures.few else str(getattr(figures, name)) for name in _COUNTS]
    if not figures.HasField("prevented_fen"):
        counts[-1] = ""
    return [*counts, "1" if figures.few else ""]
