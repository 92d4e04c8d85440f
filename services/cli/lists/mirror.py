"""`fanzha blocklist mirror`: keeps a copy of the lists in a file, for the edge."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from fanzha import client
from fanzha.edge import entry
from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail, one_sentence, out, say_following
from services.cli._common.options import DEFAULT_TARGET, Target

_File = Annotated[
    Path, typer.Argument(help="The copy: sorted text, replaced as a whole.", dir_okay=False)
]
_Kinds = Annotated[
    str,
    typer.Option(help="number, range, sender, host, url, fingerprint, with commas; empty: all."),
]
_Once = Annotated[bool, typer.Option("--once", help="Bring the file up to date, and end.")]
_Most = Annotated[
    int, typer.Option("--max-entries", min=0, help="Refuse longer lists; 0: any length.")
]


def mirror(
    file: _File,
    kinds: _Kinds = "",
    once: _Once = False,
    max_entries: _Most = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Keep a copy of the lists in a file, within a second of each change.

    An existing copy is continued from its version; a damaged one is made anew.
    """
    wanted = frozenset(map(_kind, filter(None, kinds.split(","))))
    with one_sentence(target), suppress(KeyboardInterrupt):
        asyncio.run(_mirror(file, wanted, target, once=once, max_entries=max_entries))


async def _mirror(
    file: Path, kinds: frozenset[entry.EdgeKind], target: str, *, once: bool, max_entries: int
) -> None:
    async with client.ListMirror(target, kinds, file=file, max_entries=max_entries) as copying:
        copying.load()
        try:
            # What the first request is refused for would be for ever.
            change = await copying.update()
        except client.RequestFailed as error:
            raise error.__cause__ or error from None
        except OSError as error:
            fail(f"{file}: {error.strerror}")
        _say(copying, change)
        if once:
            return
        say_following()
        async for change in copying.follow():
            if change.edits or change.was_reset:
                _say(copying, change)


def _say(copying: client.ListMirror, change: client.MirrorChange) -> None:
    out.print(
        gettext(
            "version {version}: {entries:,} entries, {changed:,} changed",
            version=change.version,
            entries=sum(map(len, copying.copy.lists.values())),
            changed=len(change.edits),
        )
    )


def _kind(word: str) -> entry.EdgeKind:
    try:
        return entry.EdgeKind(word.strip().lower())
    except ValueError:
        fail(gettext("--kinds: {word}: one of {known}", word=word, known=", ".join(entry.EdgeKind)))
