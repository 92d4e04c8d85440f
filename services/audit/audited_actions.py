"""Runs actions on appeals, cases and models with an audit record written before each.

An action that then fails is followed by a record of the kind REFUSED.
"""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from fanzha.errors import FanzhaError, NotAllowed
from services.audit.events import Audit, AuditKind

Result = TypeVar("Result")


class AuditedActions:
    """Audited actions on one type of subject."""

    def __init__(self, audit: Audit, of: str = "appeal") -> None:
        """*of* is the type of the subjects, such as ``appeal`` or ``case``."""
        self._audit = audit
        self._of = of

    async def around(
        self,
        kind: AuditKind,
        of_id: int | str,
        by: str,
        details: Mapping[str, str],
        act: Awaitable[Result],
    ) -> Result:
        """Record *kind*, then await *act*, which is not run if the record cannot be written."""
        subject = f"{self._of}:{of_id}"
        try:
            await self._audit.record(kind, subject=subject, details=details, actor=by)
        except BaseException:
            _discard(act)
            raise
        try:
            return await act
        except FanzhaError as error:
            refused = {"what": kind.value, "why": str(error)}
            await self._audit.record(AuditKind.REFUSED, subject=subject, details=refused, actor=by)
            if isinstance(error, NotAllowed):
                error.on_record = True
            raise


def _discard(act: Awaitable[object]) -> None:
    # A coroutine that is never awaited would warn.
    close = getattr(act, "close", None)
    if close is not None:
        close()
