"""`fanzha report targets`: which groups of people and places are at risk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_report_pb2 as pb
from infra import atomic_file
from infra.clock import now_ms
from infra.csv_cells import SafeWriter
from services.cli._common import files
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import Since, Until, day, moment
from services.cli.report import policy_draft
from services.cli.report.options import server
from services.cli.report.report_stream import finished_report

_FEN = 100
_Region = Annotated[str, typer.Option(help="Only this province, city or county, by code or name.")]
_Minutes = Annotated[
    int, typer.Option(min=1, help="Minutes within which a person is to be warned.")
]
_Csv = Annotated[
    Path | None, typer.Option("--csv", dir_okay=False, help="File for all figures, UTF-8.")
]
_Draft = Annotated[
    Path | None,
    typer.Option(
        "--draft-policy",
        dir_okay=False,
        callback=lambda path: path and files.fresh(path),
        help="File for a draft of the warning policy in force with a line for groups whose rate is "
        "higher beyond doubt; you propose it, and another person approves it.",
    ),
]
_FIGURES: dict[str, Callable[[pb.GroupRisk], str]] = {
    "population": lambda one: str(one.population or ""),
    "people": lambda one: str(one.people),
    "people_before": lambda one: str(one.people_before),
    "cases": lambda one: str(one.cases),
    "lost": lambda one: str(one.lost),
    "lost_fen": lambda one: "" if one.lost_fen_suppressed else str(one.lost_fen),
    "rate": lambda one: f"{one.rate.ratio:.4f}" if one.HasField("rate") else "",
    "rate_low": lambda one: f"{one.rate.low:.4f}" if one.HasField("rate") else "",
    "rate_high": lambda one: f"{one.rate.high:.4f}" if one.HasField("rate") else "",
    "drift": lambda one: f"{one.drift.ratio:.4f}" if one.HasField("drift") else "",
    "drift_low": lambda one: f"{one.drift.low:.4f}" if one.HasField("drift") else "",
    "drift_high": lambda one: f"{one.drift.high:.4f}" if one.HasField("drift") else "",
    "lost_share_low": lambda one: _end(one, "lost_share", "low"),
    "lost_share_high": lambda one: _end(one, "lost_share", "high"),
    "in_time_share_low": lambda one: _end(one, "in_time_share", "low"),
    "in_time_share_high": lambda one: _end(one, "in_time_share", "high"),
    "reached_share_low": lambda one: _end(one, "reached_share", "low"),
    "reached_share_high": lambda one: _end(one, "reached_share", "high"),
    "late": lambda one: str(int(one.late)),
    "unreached": lambda one: str(int(one.unreached)),
    "false_alarm_share_low": lambda one: _end(one, "false_alarm_share", "low"),
    "false_alarm_share_high": lambda one: _end(one, "false_alarm_share", "high"),
    "overwarned": lambda one: str(int(one.overwarned)),
}
"""Columns of the CSV; those of a suppressed group are empty."""


def targets(
    since: Since = "90d",
    until: Until = "",
    minutes: _Minutes = 30,
    region: _Region = "",
    csv_file: _Csv = None,
    draft: _Draft = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Say which groups of people and places are at risk, and who is warned late.

    Groups are those of the table of groups of the warning pipeline, and may overlap. What each
    figure means: docs/how-to/warning-reports.md.
    """
    request = pb.GetTargetingReportRequest(
        since_ms=moment(since, now_ms(), "--since"),
        until_ms=moment(until, now_ms(), "--until"),
        minutes=minutes,
        region=region,
    )
    report = finished_report(server, target, "GetTargetingReport", request)
    if as_json:
        print_json(report)
    else:
        _show(report)
    if csv_file is not None:
        _write(report, csv_file)
    if draft is not None:
        policy_draft.write(report, draft, target)


def _show(report: pb.TargetingReport) -> None:
    table = RowTable()
    heads = (
        *("group", "people", "rate", "drift", "lost money", "lost, yuan", "in time", "reached"),
        "false alarms",
    )
    for head in heads:
        table.add_column(gettext(head), right=head != "group", prose=head == "group")
    for one in (each for each in (report.all, *report.groups) if not each.suppressed):
        table.add_row(
            one.name or gettext("all"),
            f"{one.people:,}",
            _ratio(one, "rate"),
            _ratio(one, "drift"),
            _share(one, "lost_share"),
            "–" if one.lost_fen_suppressed else f"{one.lost_fen / _FEN:,.0f}",
            _share(one, "in_time_share") + ("!" if one.late else ""),
            _share(one, "reached_share") + ("!" if one.unreached else ""),
            _share(one, "false_alarm_share") + ("!" if one.overwarned else ""),
        )
    table.print()
    _show_notes(report)


def _show_notes(report: pb.TargetingReport) -> None:
    out.print(
        gettext(
            "rate: against all other numbers of the table; drift: against {before} to {since}; "
            "*: beyond doubt; !: worse than all, beyond doubt",
            before=day(report.before_ms // 1000),
            since=day(report.since_ms // 1000),
        ),
        markup=False,
    )
    if suppressed := [one.name for one in (report.all, *report.groups) if one.suppressed]:
        out.print(
            gettext(
                "fewer than ten people, or would tell of so few, not shown: {names}",
                names=", ".join(name or gettext("all") for name in suppressed),
            ),
            markup=False,
        )
    if report.without_group:
        out.print(gettext("{count:,} people are in no group", count=report.without_group))
    if report.without_group_suppressed:
        out.print(gettext("fewer than ten people are in no group"))
    if not report.groups:
        err.print(gettext("there is no table of groups: see FANZHA_WARNING_GROUPS_FILE"))


def _ratio(one: pb.GroupRisk, field: Any) -> str:
    if not one.HasField(field):
        return "–"
    found: pb.RateRatio = getattr(one, field)
    sure = "*" if found.low > 1 or found.high < 1 else ""
    return f"{found.ratio:.2f} ({found.low:.2f}–{found.high:.2f}){sure}"


def _share(one: pb.GroupRisk, field: Any) -> str:
    if not one.HasField(field):
        return "–"
    found: pb.ShareInterval = getattr(one, field)
    return f"{found.low:.0%}–{found.high:.0%}"


def _end(one: pb.GroupRisk, field: Any, end: str) -> str:
    return f"{getattr(getattr(one, field), end):.4f}" if one.HasField(field) else ""


def _write(report: pb.TargetingReport, file: Path) -> None:
    # With a mark at its beginning, spreadsheets read it as what it is: UTF-8.
    with atomic_file.replacing_text(file, encoding="utf-8-sig") as lines:
        table = SafeWriter(lines)
        table.writerow(["group", "suppressed", *_FIGURES])
        for one in (report.all, *report.groups):
            figures = ["" if one.suppressed else read(one) for read in _FIGURES.values()]
            table.writerow([one.name, int(one.suppressed), *figures])
