"""Looks for decisions about what entries name: a number, range, sender, host, page or text."""

from blocklists.entries import Kind
from services.decision_log.conditions import Conditions

_FIELDS = {
    Kind.NUMBER: "number",
    Kind.RANGE: "number",
    Kind.SENDER: "sender",
    Kind.HOST: "host",
    Kind.URL_PREFIX: "link",
    Kind.FINGERPRINT: "pattern",
}


def about(kind: Kind, pattern: str, *, since_ms: int, limit: int) -> Conditions:
    """Return what to look for; of a text only what its fingerprint decided is known."""
    return Conditions(since_ms=since_ms, limit=limit, **{_FIELDS[kind]: pattern})  # type: ignore[arg-type]
