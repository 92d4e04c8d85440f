"""Reads a case that the caller may see; any other is reported as one that does not exist."""

import re

from fanzha.errors import InvalidInput, NotFound
from services.auth import identity
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.desk import scope

_ID = re.compile(r"[0-9a-f]{20}(-[1-9][0-9]{0,8})?")


class CaseAccess:
    """The cases in the regional scope of the caller."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    async def get(self, case_id: str) -> Case:
        """Return a case; raise `NotFound` also for one that is out of scope."""
        if not case_id:
            raise InvalidInput("case_id: required")
        if not _ID.fullmatch(case_id):
            raise NotFound("case: there is no {case_id!r}", case_id=case_id[:40])
        case = await self._store.get(case_id)
        check_reach(case)
        return case


def check_reach(case: Case) -> None:
    """Raise `NotFound` for a case out of scope, indistinguishable from one that does not exist."""
    if not scope.reaches(identity.current(), case.region):
        raise NotFound("case: there is no {id!r}", id=case.id)
