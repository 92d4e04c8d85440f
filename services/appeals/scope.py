"""Which appeals somebody reaches."""

from fanzha.errors import NotFound
from services.appeals.model import Appeal
from services.auth import identity
from services.auth.identity import Role

_REVIEWERS = frozenset({Role.APPEALS_OFFICER, Role.AUDITOR})


def is_reviewer() -> bool:
    """Tell whether who asks may see appeals of others, and the evidence."""
    return not _REVIEWERS.isdisjoint(identity.current().roles)


def check_hand(appeal: Appeal) -> None:
    """Let carriers reach only what they handed in themselves."""
    if not is_reviewer() and appeal.opened_by != identity.current().name:
        # As if there were none: numbers of appeals of others are not for guessing.
        raise NotFound(f"appeal_id: there is no appeal {appeal.appeal_id}")
