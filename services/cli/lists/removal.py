"""Shows which entries a command would remove, and asks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from blocklists import patterns
from fanzha import phone
from fanzha.translation.catalogue import gettext, ngettext
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import err
from services.cli.lists import display
from services.cli.lists.options import server

MOST_SHOWN = 20


def agree_to(
    target: str, references: Sequence[pb.EntryRef], *, yes: bool, shadows: bool = False
) -> None:
    """Show the entries that *references* name, and ask whether to remove them.

    Shadow entries where *shadows*, others where not. Where there are none nothing is asked: the
    server says what is wrong.
    """
    if yes:
        return
    found = list(_named(target, references[:MOST_SHOWN], shadows=shadows))
    if not found and len(references) <= MOST_SHOWN:
        return
    now_s = int(time.time())
    for entry in found:
        err.print("  " + _described(entry, now_s), soft_wrap=True)
    if len(references) > MOST_SHOWN:
        err.print(gettext("  … {entries} more", entries=f"{len(references) - MOST_SHOWN:,}"))
    entries = len(found) if len(references) <= MOST_SHOWN else len(references)
    agree(ngettext("Remove this entry?", "Remove these {count} entries?", count=entries), yes=yes)


def _named(target: str, references: Iterable[pb.EntryRef], *, shadows: bool) -> Iterable[Any]:
    with server(target) as stub:
        for one in references:
            pattern = _canonical(one.pattern)
            answer = stub.FindEntries(pb.FindEntriesRequest(query=one.pattern))
            for entry in answer.entries:
                # Entries that cover the pattern are found, too.
                if (
                    entry.pattern == pattern
                    and one.action in {0, entry.action}
                    and (entry.mode == pb.ENTRY_MODE_SHADOW) == shadows
                ):
                    yield entry


def _canonical(text: str) -> str:
    kinds = np.array([patterns.kind_of(text.strip())], np.uint8)
    read = patterns.read([text], kinds, phone.HomePlan())
    return text if read.errors else read.text(0)


def _described(entry: Any, now_s: int) -> str:
    _, pattern, action, _, _, source, reason, *_ = display.shown_columns(entry)
    over = gettext(" (over)") if entry.expires_at_s <= now_s else ""
    return f"{pattern}  {action}{over}, {source}, {reason}"
