"""Looks for decisions about what entries name: a number, range, sender, host, page or text."""

from blocklists.entries import EntryKind
from services.decision_log.conditions import Conditions

_FIELDS = {
    EntryKind.NUMBER: "number",
    EntryKind.RANGE: "number",
    EntryKind.SENDER: "sender",
    EntryKind.HOST: "host",
    EntryKind.URL_PREFIX: "link",
    EntryKind.FINGERPRINT: "pattern",
}


def about(kind: EntryKind, pattern: str, *, since_ms: int, limit: int) -> Conditions:
    """Return what to look for; of a text only what its fingerprint decided is known."""
    return Conditions(since_ms=since_ms, limit=limit, **{_FIELDS[kind]: pattern})  # type: ignore[arg-type]
