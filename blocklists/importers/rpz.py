"""Reads response policy zones: ``x.example CNAME .`` and the other triggers and actions.

The owner name of a record is the trigger, its data the action. Names and single addresses are
read; triggers on client addresses or name servers are reported.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from blocklists.entries import EntryKind
from blocklists.importers.hosts import SINKS
from blocklists.importers.rows import BLANK, COMMENT, HEADER, BadLine, Ignored, Item, ListRow
from fanzha.decisions import Action
from fanzha.translation.message import Message

_RECORD = re.compile(
    r"(?P<owner>\S+)?\s+(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+[smhdw]?\s+)?(?P<type>[A-Z]+)\s+(?P<data>.+)",
    re.IGNORECASE,
)
_ACTIONS: dict[str, Action | None] = {
    ".": None,  # no such name
    "*.": None,  # no data
    "rpz-drop.": None,
    "rpz-passthru.": Action.ALLOW,
}
_OTHER_TRIGGERS = (".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname")


def read(lines: Iterable[str]) -> Iterator[Item]:
    """Read policies; rows without an action take that of the import."""
    owner, origin, depth = "", "", 0
    for line, text in enumerate(lines, 1):
        record = text.partition(";")[0].rstrip()
        if not record:
            yield Ignored(line, COMMENT if text.strip() else BLANK)
            continue
        if depth or record[0] == "$" or " SOA " in f"{record} ".upper():
            # The SOA record may span several lines, in brackets.
            depth += record.count("(") - record.count(")")
            if record.upper().startswith("$ORIGIN"):
                origin = "." + record.split()[-1].strip(".").lower()
            yield Ignored(line, HEADER)
            continue
        match = _RECORD.fullmatch(record)
        if match is None:
            yield BadLine(line, text, Message("not a record of a zone"))
            continue
        owner = match["owner"] or owner
        yield _policy(line, text, match, _within(owner, origin))


def _within(owner: str, origin: str) -> str:
    name = owner.removesuffix(".")
    return name[: -len(origin)] if origin and name.lower().endswith(origin) else name


def _policy(line: int, text: str, record: re.Match[str], owner: str) -> Item:
    kind, data = record["type"].upper(), record["data"].strip().lower()
    if kind == "NS":
        return Ignored(line, HEADER)
    if kind == "CNAME" and data in _ACTIONS:
        action = _ACTIONS[data]
    elif kind in ("A", "AAAA") and data in SINKS:
        action = None
    else:
        return BadLine(line, text, Message("sends visitors elsewhere instead of blocking"))
    if owner.lower().endswith(_OTHER_TRIGGERS):
        return BadLine(line, text, Message("a condition on clients or name servers"))
    if owner.lower().endswith(".rpz-ip"):
        try:
            return ListRow(
                line, _address(owner.lower().removesuffix(".rpz-ip")), EntryKind.HOST, action
            )
        except ValueError:
            return BadLine(line, text, Message("not a single address"))
    return ListRow(line, owner.removeprefix("*."), EntryKind.HOST, action)


def _address(trigger: str) -> str:
    """Read ``32.4.3.2.1`` as 1.2.3.4, and ``128.1.zz.db8.2001`` as 2001:db8::1."""
    length, *parts = trigger.split(".")
    if length == "32":
        return str(IPv4Address(".".join(reversed(parts))))
    if length != "128":
        raise ValueError(f"not a single address: {trigger!r}")
    text = ":".join(reversed(parts)).replace("zz", "")
    if text[:1] == ":":
        text = f":{text}"
    if text[-1:] == ":":
        text = f"{text}:"
    return f"[{IPv6Address(text)}]"
