"""`fanzha report`: the figures that a bureau reports, as tables, CSV and plots, over gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation import catalogue
from fanzha.translation.catalogue import gettext
from fanzha.translation.message import alternatives
from fanzha.v1 import warning_report_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, fail, os_fault, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, LanguageWord, Target
from services.cli._common.time_arguments import Since, Until, moment
from services.cli.report import display, map_commands, target_commands
from services.cli.report import options as words
from services.cli.report.report_stream import finished_report
from services.cli.warnings import region_options

app = typer.Typer(no_args_is_help=True, help="Figures that a bureau reports.")

app.command("map")(map_commands.fraud_map)
app.command("targets")(target_commands.targets)

_PLOTS = (".svg", ".png")


_By = Annotated[
    str, typer.Option("--group-by", help=f"Groups: {', '.join(words.BY)}; empty: all together.")
]
_Minutes = Annotated[
    int, typer.Option(min=1, help="Minutes within which a person is to be warned.")
]
_Region = Annotated[str, typer.Option(help="Only this province, city or county, by code or name.")]
_CsvFile = Annotated[
    Path | None, typer.Option("--csv", dir_okay=False, help="File for all figures, UTF-8.")
]
_Plot = Annotated[Path | None, typer.Option(dir_okay=False, help="File for a plot: .svg or .png.")]


@app.command()
def warnings(
    since: Since = "30d",
    until: Until = "",
    by: _By = "",
    minutes: _Minutes = 30,
    region: _Region = "",
    csv_file: _CsvFile = None,
    plot: _Plot = None,
    language: LanguageWord = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Report how soon people were warned, what became of it, and what is overdue.

    What each figure means: docs/how-to/warning-reports.md. Who is held to some regions gets theirs.
    """
    language = language or catalogue.language()
    _check_words(by, language)
    paint = _painter(plot)
    request = pb.GetWarningReportRequest(
        since_ms=moment(since, now_ms(), "--since"),
        until_ms=moment(until, now_ms(), "--until"),
        minutes=minutes,
        region=region,
    )
    if by:
        request.by = pb.WarningReportBy.Value(f"WARNING_REPORT_BY_{by.upper()}")
    report = finished_report(words.server, target, "GetWarningReport", request)
    if as_json:
        print_json(report)
    else:
        display.show(report, by, language)
    if not report.all.cases and (unsure := region_options.doubt(region)):
        err.print(unsure, markup=False)
    if csv_file is not None:
        _write(csv_file, lambda file: display.write_csv(report, by, file))
    if plot is not None:
        _write(plot, lambda file: paint(report, by, file))


def _check_words(by: str, language: str) -> None:
    if by and by not in words.BY:
        raise typer.BadParameter(
            gettext("{by!r} is none of {by_2}", by=by, by_2=", ".join(words.BY)),
            param_hint="--group-by",
        )
    if language not in words.LANGUAGES:
        raise typer.BadParameter(
            gettext("{language!r} is neither zh nor en", language=language), param_hint="--language"
        )


def _painter(plot: Path | None) -> Any:
    """Return the plotter; fails before the request if it cannot be loaded."""
    if plot is None:
        return None
    if plot.suffix not in _PLOTS:
        raise typer.BadParameter(
            gettext("a file {plots}: {name}", plots=alternatives(list(_PLOTS)), name=plot.name),
            param_hint="--plot",
        )
    try:
        from services.cli.report import plot as report_plot
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        fail(gettext("--plot needs matplotlib: pip install 'fanzha[plots]'"))
    return report_plot.draw


def _write(file: Path, write: Any) -> None:
    beside = file.with_name(f".{file.stem}.new{file.suffix}")
    try:
        write(beside)
        beside.replace(file)
    except OSError as error:
        fail(f"{file}: {os_fault(error)}")
    err.print(gettext("{file} written", file=file))
