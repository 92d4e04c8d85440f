"""`fanzha warnings sources`, `feedback`: what warnings were worth, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_operations_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.console import err, fail, file_output, out, print_json, progress
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli.warnings.operations_server import PAGE, server

_COLUMNS = ("place", "reference", "case_id", "what", "at_ms")


def sources(
    name: Annotated[str, typer.Argument(help="One source; empty: all.")] = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show the quality record of sources: volume, repeats, refused, confirmed, false, delay.

    Ends with status 1 for a source that has sent nothing.

    The reliability is 0.5 without informative cases: docs/how-to/outcomes.md.
    """
    with server(target) as stub:
        found = _sources(stub, name)
    if as_json:
        print_json([_as_words(one) for one in found])
        return
    table = RowTable()
    for head in (
        *("source", "accepted", "joined", "repeats", "refused", "confirmed", "false"),
        *("reliability", "late"),
    ):
        table.add_column(gettext(head))
    for one in found:
        counts = (one.accepted, one.joined, one.duplicates, one.refused)
        verdicts = (one.confirmed, one.false_alarms)
        reliability = f"{one.reliability:.2f}"
        table.add_row(
            one.source_name, *map(str, (*counts, *verdicts)), reliability, _half_within(one)
        )
    if found:
        table.print()
    else:
        out.print(gettext("no source has sent anything"))


def feedback(
    source: Annotated[str, typer.Argument(help="Which source.")],
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", dir_okay=False, help="File to write; absent: standard output."),
    ] = None,
    after: Annotated[str, typer.Option(help="Place after which to begin.")] = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Write what became of the warnings of a source as CSV, oldest first, for it to read.

    Ends with status 1 for a source that has sent nothing.
    """
    with server(target) as stub:
        steps = _steps(stub, source, after)
        if csv_file is None:
            number = _write(SafeWriter(file_output()), steps)
            if not number:
                since = gettext(" after that") if after else ""
                err.print(
                    gettext("{source!r} has no feedback{since}", source=source, since=since),
                    markup=False,
                )
                _sources(stub, source)
            return
        with atomic_file.replacing_text(csv_file) as lines:
            number = _write(SafeWriter(lines), steps)
    out.print(gettext("{number} outcomes in {csv_file}", number=number, csv_file=csv_file))


def _sources(stub: Any, name: str) -> Sequence[pb.SourceRecord]:
    """Return the quality record of sources; end the command for one that has sent nothing."""
    found: Sequence[pb.SourceRecord] = stub.ListSources(
        pb.ListSourcesRequest(source_name=name)
    ).sources
    if name and not any(one.accepted or one.duplicates or one.refused for one in found):
        fail(gettext("{source!r} has sent nothing", source=name[:50]), status=ExitStatus.NOT_FOUND)
    return found


def _steps(stub: Any, source: str, after: str) -> Iterator[pb.FeedbackStep]:
    request = pb.GetSourceFeedbackRequest(source_name=source, after=after, page_size=PAGE)
    while True:
        steps = stub.GetSourceFeedback(request).steps
        yield from steps
        if not steps:
            return
        request.after = steps[-1].place


def _write(table: SafeWriter, steps: Iterator[pb.FeedbackStep]) -> int:
    table.writerow(_COLUMNS)
    number = 0
    with progress(bar=False) as bar:
        task = bar.add_task(gettext("outcomes"), total=None, note="")
        for one in steps:
            table.writerow([one.place, one.reference, one.case_id, one.what, one.at_ms])
            number += 1
            bar.update(task, completed=number)
    return number


def _as_words(record: pb.SourceRecord) -> dict[str, object]:
    return {
        "source": record.source_name,
        "accepted": record.accepted,
        "joined": record.joined,
        "duplicates": record.duplicates,
        "refused": record.refused,
        "confirmed": record.confirmed,
        "false_alarms": record.false_alarms,
        "reliability": round(record.reliability, 4),
        "cases": dict(sorted(record.cases.items())),
        "delays_s": {str(one.up_to_seconds or "more"): one.warnings for one in record.delays},
    }


def _half_within(record: pb.SourceRecord) -> str:
    """Say within what time half of the warnings came."""
    total, seen = sum(one.warnings for one in record.delays), 0
    for one in record.delays:
        seen += one.warnings
        if total and seen * 2 >= total:
            bound = one.up_to_seconds
            return (
                gettext("half within {bound} s", bound=bound)
                if bound
                else gettext("half later than a day")
            )
    return "–"
