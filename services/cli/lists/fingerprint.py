"""`fanzha fingerprint`: what the lists keep in place of a text. The text stays on this machine."""

from collections.abc import Sequence
from typing import Annotated

import typer

from blocklists import entries as list_entries
from fanzha import fingerprint
from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail, out


def print_fingerprint(
    texts: Annotated[list[str], typer.Argument(help="Texts as they came, in quotation marks.")],
) -> None:
    """Print the fingerprint of each text, by which near-duplicates are listed."""
    for written in canonical(texts, list_entries.EntryKind.FINGERPRINT):
        out.print(written, markup=False, soft_wrap=True)


def canonical(patterns: Sequence[str], kind: int) -> list[str]:
    """Put fingerprints in place of texts, where *kind* says that they are texts."""
    if kind != list_entries.EntryKind.FINGERPRINT:
        return list(patterns)
    written = [
        text if fingerprint.is_fingerprint(text) else fingerprint.fingerprint(text)
        for text in patterns
    ]
    if "" in written:
        fail(
            gettext("text {value} is too short to have a fingerprint", value=written.index("") + 1)
        )
    return written
