"""`fanzha decisions archive`: what the archive has, whether it is whole, and a day back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fanzha.translation.catalogue import gettext
from services.cli._common.console import err, one_sentence, out, print_json, progress
from services.cli._common.options import AsJson
from services.cli._common.tables import RowTable
from services.settings.variables import CONFIG_VARIABLE

if TYPE_CHECKING:
    from services.processes.archive_restoration import DayRestoration
    from services.settings.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="The archive of the decision log in an object store; run it on a host of the service.",
)

Config = Annotated[
    Path | None,
    typer.Option(
        envvar=CONFIG_VARIABLE,
        exists=True,
        dir_okay=False,
        help="TOML file of settings; variables FANZHA_… outrank it.",
    ),
]
Day = Annotated[str, typer.Argument(metavar="DAY", help="A day in UTC, such as 2026-01-05.")]
Kinds = Annotated[
    str,
    typer.Option(
        "--kinds",
        help="Of call, text, link, call_ends, text_content; with commas.",
        show_default="those of decision_log_archive_kinds",
    ),
]


@app.command()
def status(
    first_day: Annotated[
        str, typer.Option("--first-day", help="Only from this day on, such as 2026-01-05.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what the archive has of each day, and how many hours wait for it."""
    from services.decision_log.archive import status as archive_status

    with _archive(config) as settings:
        found = archive_status.of(settings, first_day)
    if as_json:
        print_json(
            {
                "waiting_hours": found.waiting,
                "lag_seconds": found.lag_ms // 1000,
                "days": [
                    {"day": one.day, "kind": one.kind, "segments": one.segments, "bytes": one.bytes}
                    for one in found.days
                ],
            }
        )
        return
    table = RowTable(gettext("day"), gettext("kind"), gettext("segments"), gettext("bytes"))
    for one in found.days:
        table.add_row(one.day, one.kind, f"{one.segments:,}", f"{one.bytes:,}")
    table.print()
    out.print(
        gettext(
            "{hours:,} sealed hours wait for the archive, the oldest for {minutes:,} minutes",
            hours=found.waiting,
            minutes=found.lag_ms // 60_000,
        )
    )


@app.command()
def verify(day: Day, kinds: Kinds = "", config: Config = None, as_json: AsJson = False) -> None:
    """Read a day's objects and compare their SHA-256; status 1 where one is damaged or missing."""
    from services.decision_log.archive import wiring

    with _archive(config) as settings, _showing(gettext("verifying")) as show:
        check = wiring.reader(settings).verify(day, _kinds(kinds, settings), show)
    if as_json:
        print_json(
            {
                "whole": check.whole,
                "bytes": check.bytes,
                "damaged": check.damaged,
                "missing": check.missing,
            }
        )
    else:
        for key in check.damaged:
            out.print(gettext("damaged: {key}", key=key), style="red")
        for key in check.missing:
            out.print(gettext("missing: {key}", key=key), style="red")
        out.print(
            gettext(
                "{whole:,} segments of {day} are whole, {size:,} bytes",
                whole=check.whole,
                day=day,
                size=check.bytes,
            )
        )
    if check.damaged or check.missing:
        raise typer.Exit(1)


@app.command()
def fetch(
    day: Day,
    kinds: Kinds = "",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--to",
            file_okay=False,
            help="Folder for it, laid out like a decision log.",
            show_default="restored, in the data folder",
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a day, to query it with --offline --folder; recorded where there is a store.

    Into the folder of the decision log itself only what is younger than its retention.
    """
    from services.processes import archive_restoration

    with _archive(config) as settings, _showing(gettext("fetching")) as show:
        restored = archive_restoration.restore_day(
            settings, day, _kinds(kinds, settings), folder, show
        )
    if not restored.recorded:
        err.print(gettext("no store is known: the audit log has no record of this"))
    if as_json:
        print_json(
            {
                "folder": str(restored.folder),
                "segments": restored.day.segments,
                "present": restored.day.present,
                "rows": restored.day.rows,
                "bytes": restored.day.bytes,
                "recorded": restored.recorded,
            }
        )
    else:
        _show_restored(day, restored)


def _show_restored(day: str, restored: DayRestoration) -> None:
    out.print(
        gettext(
            "{folder}: {segments:,} segments of {day}, {rows:,} rows; {present:,} were there",
            folder=restored.folder,
            segments=restored.day.segments,
            day=day,
            rows=restored.day.rows,
            present=restored.day.present,
        )
    )


@contextmanager
def _archive(config: Path | None) -> Iterator[Settings]:
    """Give the settings; what goes wrong becomes a sentence."""
    from services.settings import loader

    with one_sentence(gettext("the archive")):
        yield loader.load(config)


@contextmanager
def _showing(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal which object is read."""
    with progress(bar=False) as shown:
        task = shown.add_task(what, total=None, note="")

        def show(key: str) -> None:
            shown.update(task, advance=1, note=key)

        yield show


def _kinds(text: str, settings: Settings) -> list[str]:
    from services.decision_log.archive import wiring

    names = [name.strip() for name in text.split(",") if name.strip()]
    return names or list(wiring.scope(settings).kinds)
