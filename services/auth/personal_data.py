"""Who may see whole what is masked for everybody else: numbers, links, notes and texts."""

from fanzha.errors import NotAllowed
from services.auth import identity
from services.auth.identity import Role

READERS = frozenset({Role.AUDITOR, Role.APPEALS_OFFICER})
"""Roles that may see it whole."""


def check_unmasked(what: str) -> None:
    """Raise `NotAllowed` unless who asks may see *what* whole; it names a field of the request."""
    who = identity.current()
    if who.roles.isdisjoint(READERS):
        raise NotAllowed(
            "{what}: whole values take the role auditor or appeals_officer; {name} has neither",
            what=what,
            name=who.name,
        )
