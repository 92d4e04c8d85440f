"""Reads hosts files: ``0.0.0.0 x.example`` and the like."""

from collections.abc import Iterable, Iterator

from blocklists.entries import EntryKind
from blocklists.importers.rows import BLANK, COMMENT, BadLine, Ignored, Item, ListRow
from fanzha.translation.message import Message

SINKS = frozenset(("0.0.0.0", "127.0.0.1", "127.0.1.1", "::", "::1", "0", "0:0:0:0:0:0:0:0"))  # noqa: S104
"""Addresses where nothing answers; others send visitors somewhere else."""
_OWN_NAMES = frozenset(
    [
        "localhost",
        "localhost.localdomain",
        "local",
        "localdomain",
        "broadcasthost",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "0.0.0.0",  # noqa: S104 - a name in the list, not an address to bind
    ]
)
_OWN_ADDRESSES = ("255.255.255.255", "fe80::1%", "ff00::", "ff02::")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read names that are sent to a sink; a line may have several."""
    for line, text in enumerate(lines, 1):
        address, *names = text.partition("#")[0].split() or [""]
        if not address:
            yield Ignored(line, COMMENT if text.strip() else BLANK)
        elif not names:
            yield BadLine(
                line, text, Message("an address without a name, or a name without an address")
            )
        elif address not in SINKS:
            yield _elsewhere(line, text, address)
        else:
            for name in names:
                yield _name(line, name)


def _name(line: int, name: str) -> Item:
    if name in _OWN_NAMES:
        return Ignored(line, Message("the machine's own name"))
    return ListRow(line, name, EntryKind.HOST)


def _elsewhere(line: int, text: str, address: str) -> Item:
    if address.startswith(_OWN_ADDRESSES):
        return Ignored(line, Message("the machine's own name"))
    return BadLine(line, text, Message("sends visitors to an address instead of blocking"))
