"""Which appeals a caller may access."""

from fanzha.errors import NotFound
from services.appeals.model import Appeal
from services.auth import identity
from services.auth.identity import Role

_REVIEWERS = frozenset({Role.APPEALS_OFFICER, Role.AUDITOR})


def is_reviewer() -> bool:
    """Return whether the caller may see appeals of others, and the evidence."""
    return not _REVIEWERS.isdisjoint(identity.current().roles)


def check_hand(appeal: Appeal) -> None:
    """Limit carriers to the appeals that they submitted."""
    if not is_reviewer() and appeal.opened_by != identity.current().name:
        # Indistinguishable from an appeal that does not exist, so ids cannot be probed.
        raise NotFound("appeal_id: there is no appeal {appeal_id}", appeal_id=appeal.appeal_id)
