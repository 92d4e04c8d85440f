"""Names of roles in sentences, in the order of `Role`."""

from collections.abc import Iterable

from fanzha.translation.message import Message
from services.auth.identity import Role


def either(roles: Iterable[Role]) -> str:
    """Return ``editor, approver or auditor``."""
    *first, last = _names(roles) or [""]
    return Message("{first} or {rest}", first=", ".join(first), rest=last) if first else last


def all_of(roles: Iterable[Role]) -> str:
    """Return ``editor, approver and auditor``, or none."""
    *first, last = _names(roles) or [Message("none")]
    return Message("{first} and {last}", first=", ".join(first), last=last) if first else last


def _names(roles: Iterable[Role]) -> list[str]:
    known = set(roles)
    return [role.value for role in Role if role in known]


def join_roles(roles: Iterable[Role], before_last: str = "and") -> str:
    """Join the names of roles, in the order of `Role`."""
    *first, last = _names(roles) or [""]
    return f"{', '.join(first)} {before_last} {last}" if first else last
