"""`fanzha warnings examples`: labelled examples for training, of cases that say what was right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_operations_pb2 as pb
from infra.clock import now_ms
from services.cli._common import channel_words, files
from services.cli._common.channel_words import ContentModelWord
from services.cli._common.console import out
from services.cli._common.options import DEFAULT_TARGET, Target
from services.cli._common.time_arguments import Since, moment
from services.cli.warnings import example_export
from services.cli.warnings.operations_server import LONG_SECONDS, server

app = typer.Typer(
    no_args_is_help=True, help="Labelled examples of cases closed as false alarm or lost money."
)


@app.callback()
def _group() -> None:
    """Keep the name of the command, of which there is one."""


@app.command()
def export(
    file: Annotated[
        Path, typer.Argument(callback=files.checked, help="File to write, .csv or .jsonl.")
    ],
    since: Since = "90d",
    model: Annotated[
        ContentModelWord,
        typer.Option(
            "--for",
            parser=channel_words.reader(ContentModelWord),
            help="Only what this model can learn from: texts, or links.",
        ),
    ] = ContentModelWord.ANY,
    full: Annotated[
        bool, typer.Option("--full", help="Name the case and the number that called or texted.")
    ] = False,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Write one row for each decision behind cases closed, and each hit judged, since then.

    Lost money and confirmed hits are fraud, false alarms and dismissed hits nonfraud. Decisions
    and texts come from the decision log of the host of list administration, as far as it retains
    them; the missing ones are counted. Requires the role auditor, and is recorded.
    `fanzha train --examples` reads the file as it is, `fanzha eval text` and `link` a .csv; its
    columns are in docs/how-to/outcomes.md. Only you can read it.
    """
    if file.suffix not in example_export.SUFFIXES:
        raise typer.BadParameter(gettext("a name that ends in .csv or .jsonl"), param_hint="FILE")
    request = pb.ExportExamplesRequest(
        since_ms=moment(since, now_ms(), "--since"),
        model="" if model is ContentModelWord.ANY else model,
        unmasked=full,
    )
    with server(target) as stub:
        answers = stub.ExportExamples(request, timeout=LONG_SECONDS)
        counts = example_export.write(file, answers)
    _show(counts, file, model)


def _show(counts: pb.ExampleCounts, file: Path, model: str) -> None:
    out.print(
        gettext(
            "{written} examples of {cases} cases and {verdicts} verdicts in {file}",
            written=counts.written,
            cases=counts.cases,
            verdicts=counts.verdicts,
            file=file,
        )
    )
    lacks = [
        (
            counts.gone,
            gettext("decisions are gone from the log, or were never in it: without features"),
        ),
        (counts.no_text, gettext("texts without what they said: not logged, or no longer stored")),
        (
            counts.unfit,
            gettext(
                "left out: nothing in them that a model for {model} could learn from", model=model
            ),
        ),
        (counts.cut, gettext("cases with so many decisions that the later ones are left out")),
    ]
    for number, what in lacks:
        if number:
            out.print(f"{number} {what}")
    if counts.without_log:
        out.print(gettext("there is no decision log on the host of list administration"))
