"""Shows the report on warnings: lines for all cases, a table of groups, and CSV with everything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_report_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.console import err, out
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.report import options as words

_DELAYS = ("event_to_warned", "intake_to_warned")


def show(report: pb.WarningReport, by: str, language: str) -> None:
    """Print a report."""
    since = written(report.since_ms) if report.since_ms else "…"
    out.print(f"{since} – {written(report.until_ms)}", markup=False)
    lines = RowTable()
    lines.add_column("")
    lines.add_column("", right=True)
    for column in words.OF_ALL:
        lines.add_row(column.head(language, report.minutes), column.text(report.all))
    lines.print()
    if not by:
        return
    table = RowTable(words.by_head(by, language))
    for column in words.OF_GROUPS:
        table.add_column(column.head(language, report.minutes), right=True)
    for group in report.groups:
        name = words.group(group.name, by, language)
        table.add_row(name, *(column.text(group.figures) for column in words.OF_GROUPS))
    out.print()
    table.print()
    if report.without_group:
        err.print(
            gettext(
                "{without_group} cases are in no group: there are too many groups",
                without_group=report.without_group,
            )
        )


def write_csv(report: pb.WarningReport, by: str, file: Path) -> None:
    """Write all figures: a row of all cases, whose group is empty, then one of each group."""
    names = [field.name for field in pb.WarningFigures.DESCRIPTOR.fields]
    plain = [name for name in names if name not in _DELAYS]
    delays = [
        f"{name}_{part}" for name in _DELAYS for part in ("count", "median_seconds", "p90_seconds")
    ]
    moments = [
        datetime.fromtimestamp(at_ms / 1000, UTC).isoformat() if at_ms else ""
        for at_ms in (report.since_ms, report.until_ms, report.made_at_ms)
    ]
    # With a mark at its beginning, spreadsheets read it as what it is: UTF-8.
    with atomic_file.replacing_text(file, encoding="utf-8-sig") as lines:
        table = SafeWriter(lines)
        heads = ("since", "until", "made_at", "minutes", "by", "group", "group_name")
        table.writerow([*heads, *plain, *delays])
        rows = [(("", "", ""), report.all)] + [
            ((by, group.name, words.group(group.name, by, "zh")), group.figures)
            for group in report.groups
        ]
        for named, figures in rows:
            table.writerow(
                [
                    *moments,
                    report.minutes,
                    *named,
                    *(_plain(figures, name) for name in plain),
                    *_delay_cells(figures),
                ]
            )


def _plain(figures: pb.WarningFigures, name: str) -> str:
    if name.endswith("share") or name == "accuracy":
        return f"{getattr(figures, name):.6f}" if figures.HasField(name) else ""  # type: ignore[arg-type]
    return str(getattr(figures, name))


def _delay_cells(figures: pb.WarningFigures) -> list[str]:
    cells: list[str] = []
    for name in _DELAYS:
        took: pb.WarningDelay = getattr(figures, name)
        known = [f"{took.median_seconds:.1f}", f"{took.p90_seconds:.1f}"]
        cells += [str(took.count), *(known if took.count else ["", ""])]
    return cells
