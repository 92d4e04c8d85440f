"""Who may see whole what is masked for everybody else: numbers, links, notes and texts."""

from fanzha.errors import NotAllowed
from services.auth import identity
from services.auth.identity import Role

_MAY_SEE = frozenset({Role.AUDITOR, Role.APPEALS_OFFICER})


def check_unmasked(what: str) -> None:
    """Raise `NotAllowed` unless who asks may see *what* whole; it names a field of the request."""
    who = identity.current()
    if who.roles.isdisjoint(_MAY_SEE):
        raise NotAllowed(
            "{what}: whole values take the role auditor or appeals_officer; {name} has neither",
            what=what,
            name=who.name,
        )
