"""`fanzha assessment`: tasks of member units, and the score of each month."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import assessment_pb2 as pb
from infra import atomic_file
from infra.clock import now_ms
from services.cli._common import files
from services.cli._common.confirmation import agree
from services.cli._common.console import err, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Note, Target, Yes
from services.cli._common.time_arguments import month_before
from services.cli.assessment import display, tasks
from services.cli.assessment.options import MonthName, server
from services.cli.report.report_stream import DEADLINE_SECONDS, finished_report

app = typer.Typer(
    no_args_is_help=True,
    help="Member units: their tasks, and the monthly assessment from the system's own figures.",
)
app.add_typer(tasks.app, name="tasks")
_UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="Code of the unit.")]
_Measure = Annotated[
    str,
    typer.Argument(help="warned_in_time, reached, finished, dissuaded or accuracy."),
]
_Published = Annotated[
    bool, typer.Option("--published", help="The published assessment, not the current figures.")
]
_Xlsx = Annotated[
    Path | None,
    typer.Option("--xlsx", dir_okay=False, callback=files.checked, help="Workbook to write."),
]
_Html = Annotated[
    Path | None,
    typer.Option(
        "--html", dir_okay=False, callback=files.checked, help="Page to write, ready to print."
    ),
]


@app.command()
def units(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List the member units and the weights of the formula."""
    with server(target) as stub:
        answer = stub.ListUnits(pb.ListUnitsRequest())
    if as_json:
        print_json(answer)
    else:
        display.show_units(answer)


@app.command()
def score(
    month: MonthName = "",
    published: _Published = False,
    xlsx: _Xlsx = None,
    html: _Html = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Score the units for a month: as it is now, or as it was published."""
    name = month or month_before(now_ms())
    with server(target) as stub:
        known = stub.ListUnits(pb.ListUnitsRequest())
    made = _published(name, target) if published else _assessed(name, target)
    if as_json:
        print_json(made)
    else:
        display.show_assessment(made, known)
    if xlsx is not None:
        from services.cli.assessment import workbook

        with atomic_file.replacing(xlsx) as file:
            workbook.write(file, made, known)
        err.print(gettext("written to {file}", file=str(xlsx)), soft_wrap=True)
    if html is not None:
        from services.cli.assessment import page

        with atomic_file.replacing(html) as file:
            file.write(page.written(made, known).encode())
        err.print(gettext("written to {file}", file=str(html)), soft_wrap=True)


@app.command()
def cases(
    month: Annotated[str, typer.Argument(help="Such as 2026-11.")],
    unit: _UnitArgument,
    measure: _Measure,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List the cases behind a figure of a unit; those that lower it first."""
    request = pb.ListMeasuredCasesRequest(month=month, unit=unit, measure=measure)
    with server(target) as stub:
        answer = stub.ListMeasuredCases(request, timeout=DEADLINE_SECONDS)
    if as_json:
        print_json(answer)
    else:
        display.show_cases(answer)


@app.command()
def publish(
    month: MonthName = "",
    note: Note = "",
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Publish the assessment of a past month as it is now; each month only once."""
    name = month or month_before(now_ms())
    agree(gettext("Publish the assessment of {month}? It stays as it is now.", month=name), yes=yes)
    request = pb.PublishAssessmentRequest(month=name, note=note, by=by)
    with server(target, gettext("assessing")) as stub:
        known = stub.ListUnits(pb.ListUnitsRequest())
        made = stub.PublishAssessment(request, timeout=DEADLINE_SECONDS).assessment
    if as_json:
        print_json(made)
    else:
        display.show_assessment(made, known)


@app.command("list")
def list_(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List published assessments, the newest month first."""
    with server(target) as stub:
        answer = stub.ListAssessments(pb.ListAssessmentsRequest())
    if as_json:
        print_json(answer)
    else:
        display.show_published(answer)


def _published(month: str, target: str) -> pb.MonthlyAssessment:
    with server(target) as stub:
        found: pb.MonthlyAssessment = stub.GetAssessment(
            pb.GetAssessmentRequest(month=month)
        ).assessment
    return found


def _assessed(month: str, target: str) -> pb.MonthlyAssessment:
    request = pb.AssessUnitsRequest(month=month)
    found: pb.MonthlyAssessment = finished_report(
        server, target, "AssessUnits", request, part="assessment"
    )
    return found
