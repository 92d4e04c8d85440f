"""`fanzha warnings dead-letters`: what the pipeline gave up, and giving it another try."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext, ngettext
from fanzha.v1 import warning_operations_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import fail, out, print_json, progress
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, After, AsJson, By, Limit, Target, Yes
from services.cli._common.server import read_pages, tell_more
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.warnings.operations_server import PAGE, server

app = typer.Typer(no_args_is_help=True, help="Entries given up, with their reasons.")


@app.command("list")
def list_(
    limit: Limit = 100,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List what failed for good: where it came from, how often it was tried, and why."""
    request = pb.ListDeadLettersRequest(page_token=after)
    with server(target) as stub:
        letters, answer = read_pages(stub.ListDeadLetters, request, "letters", limit=limit)
    tell_more(answer)
    if as_json:
        print_json(list(map(_as_words, letters)))
        return
    table = RowTable(gettext("place"), gettext("given up"), gettext("from"), gettext("tries"))
    table.add_column(gettext("why"), prose=True)
    for one in letters:
        at = written(one.given_up_at_ms)
        table.add_row(one.place, at, one.stream, str(one.tries), one.reason)
    if letters:
        table.print()
    else:
        out.print(gettext("nothing was given up"))
    if answer.total > len(letters):
        out.print(gettext("{letters} of {total} shown", letters=len(letters), total=answer.total))


@app.command()
def replay(
    place: Annotated[str, typer.Argument(help="Place of one, or all.")],
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Put entries back where they came from, to be tried again; nothing is done twice by that."""
    with server(target) as stub:
        if place == "all":
            number = _replay_all(stub, by, yes=yes)
        else:
            request = pb.ReplayDeadLettersRequest(places=[place], replayed_by=by)
            number = stub.ReplayDeadLetters(request).replayed
            if not number:
                fail(
                    gettext("there is no dead letter {place}", place=place),
                    status=ExitStatus.NOT_FOUND,
                )
    out.print(gettext("{number} put back", number=number))


@app.command()
def drop(
    place: Annotated[str, typer.Argument(help="Place of one; all of them only one by one.")],
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Delete a dead letter for good: its person is not warned by it."""
    if place == "all":
        fail(gettext("drop takes one place"))
    agree(gettext("Delete dead letter {place} for good?", place=place), yes=yes)
    request = pb.DropDeadLetterRequest(place=place, dropped_by=by)
    with server(target) as stub:
        stub.DropDeadLetter(request)
    out.print(gettext("dropped"))


def _replay_all(stub: Any, by: str, *, yes: bool) -> int:
    """Replay the letters there are now: what fails again meanwhile waits for another time."""
    replayed = seen = 0
    request = pb.ListDeadLettersRequest(page_size=PAGE)
    page = stub.ListDeadLetters(request)
    total = page.total
    if total:
        question = ngettext(
            "Put one dead letter back, so that its person may be warned now?",
            "Put {count} dead letters back, so that their people may be warned now?",
            count=total,
        )
        agree(question, yes=yes)
    with progress() as bar:
        task = bar.add_task(gettext("replaying"), total=total, note="")
        while seen < total and page.letters:
            places = [one.place for one in page.letters][: total - seen]
            replay = pb.ReplayDeadLettersRequest(places=places, replayed_by=by)
            replayed += stub.ReplayDeadLetters(replay).replayed
            seen += len(places)
            bar.update(task, completed=seen)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
            page = stub.ListDeadLetters(request)
    return replayed


def _as_words(letter: pb.WarningDeadLetter) -> dict[str, object]:
    return {
        "place": letter.place,
        "stream": letter.stream,
        "tries": letter.tries,
        "reason": letter.reason,
        "at_ms": letter.given_up_at_ms,
        "fields": dict(sorted(letter.fields.items())),
    }
