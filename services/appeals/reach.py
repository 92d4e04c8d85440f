"""Which appeals somebody reaches."""

from fanzha.errors import NotFound
from services import identity
from services.appeals.records import Appeal
from services.identity import Role


def check_hand(appeal: Appeal) -> None:
    """Let carriers reach only what they handed in themselves."""
    asking = identity.current()
    if asking.roles == frozenset({Role.CARRIER}) and appeal.opened_by != asking.name:
        # As if there were none: numbers of appeals of others are not for guessing.
        raise NotFound(f"appeal_id: there is no appeal {appeal.appeal_id}")
