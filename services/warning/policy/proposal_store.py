"""Stores proposals of a warning policy, until another person decides them, and after.

=====================================  ===========================================
key                                    what
=====================================  ===========================================
``{fanzha:warning:policy}:proposals``  hash: proposals, by their number
``{fanzha:warning:policy}:number``     the last number given
=====================================  ===========================================

Decided ones lose their documents: an approved one is a version, and of a rejected one its checksum
stays. The newest `MOST_PROPOSALS` stay; the audit log has all.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client
from infra.redis.damaged_records import readable
from infra.redis.numbered_records import NumberedRecords

PROPOSALS, NUMBER = "{fanzha:warning:policy}:proposals", "{fanzha:warning:policy}:number"
MOST_PROPOSALS = 500


class ProposalState(StrEnum):
    """Where a proposal stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    """It is, or was, a version in force."""
    REJECTED = "rejected"
    """Another person refused it, or its author withdrew it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPolicyProposal:
    """A policy that somebody wants in force."""

    number: int
    nonce: str
    """Part of the name of its commit."""
    name: str
    """The ``version`` in its text."""
    sha256: str
    document: str
    """Empty once decided, and for the shipped policy."""
    base_version: int
    """The version in force when it was made."""
    restores_version: int | None = None
    differences: int
    reason: str
    author: str
    made_at_ms: int
    state: ProposalState = ProposalState.WAITING
    approving: str = ""
    """Who approves it, while its commit may be in flight."""
    decided_by: str = ""
    decided_at_ms: int = 0
    note: str = ""
    version: int = 0
    """That it became; 0: none."""

    @property
    def commit(self) -> str:
        """Return the name of its commit."""
        return f"warning-policy:{self.number}:{self.nonce}"

    def written(self) -> str:
        """Return this as text."""
        return json.dumps(asdict(self), ensure_ascii=False)


class WarningPolicyProposalStore:
    """Reads and writes proposals. Raises `Unavailable` while Redis is down."""

    def __init__(self, client: Client) -> None:
        self._records = NumberedRecords(
            client, records=PROPOSALS, last_number=NUMBER, most=MOST_PROPOSALS
        )

    async def next_number(self) -> int:
        """Return a number that no other proposal has."""
        return await self._records.next_number()

    async def all(self) -> list[WarningPolicyProposal]:
        """Return the proposals, the newest first; damaged ones are counted and left out."""
        return readable("proposal of a warning policy", _proposal, await self._records.all())

    async def get(self, number: int) -> WarningPolicyProposal:
        """Return one proposal; raises `NotFound`."""
        text = await self._records.get(number)
        if text is None:
            raise NotFound("there is no proposal {number} of a warning policy", number=number)
        return _proposal(text)

    async def replace(
        self, before: WarningPolicyProposal | None, after: WarningPolicyProposal
    ) -> None:
        """Store *after* where *before* was, None for nothing; raises `VersionConflict`."""
        old = before.written() if before else ""
        if not await self._records.replace(after.number, old, after.written()):
            raise VersionConflict(
                "somebody else decided proposal {number} of a warning policy; look again",
                number=after.number,
            )


def _proposal(text: str) -> WarningPolicyProposal:
    fields: dict[str, Any] = json.loads(text)
    return WarningPolicyProposal(**{**fields, "state": ProposalState(fields["state"])})
