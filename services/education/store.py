"""Stores campaigns in Redis, each as one document; a change compares the revision first.

=====================================  ===================================================
key                                    what
=====================================  ===================================================
``{fanzha:education}:next``            the last id allocated; some are never used
``{fanzha:education}:documents``       hash: campaigns as JSON, by id
``{fanzha:education}:revisions``       hash: their revisions, by id
``{fanzha:education}:names``           hash: their ids, by region and name
``{fanzha:education}:lock``            the process that sends
=====================================  ===================================================

Recipients are in keys of their own: `recipient_store`.
"""

from typing import Any

from fanzha.errors import FanzhaError, InvalidInput, NotFound, VersionConflict
from infra.redis.client import within
from infra.redis.document_store import DocumentStore
from services.education import serialization
from services.education.model import EducationCampaign

MOST = 2_000
"""Campaigns that are kept."""
_LOCK_MS = 30_000
_SECONDS = 4.0
_ACQUIRE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class EducationStore(DocumentStore[EducationCampaign]):
    """Reads and writes campaigns. Raises `Unavailable` within seconds while Redis is down."""

    space = "fanzha:education"
    what = "education campaign"
    most = MOST

    async def alone(self, owner: str) -> bool:
        """Acquire or renew the lock of who sends; it expires when its owner dies."""
        async with within(_SECONDS):
            held: Any = await self._client.eval(
                _ACQUIRE, 1, self._key("lock"), owner, str(_LOCK_MS)
            )
        return bool(held)

    async def revisions(self) -> dict[int, int]:
        """Return the revision of each campaign, by id."""
        async with within(_SECONDS):
            found = await self._client.hgetall(self._key("revisions"))
        return {int(number): int(revision) for number, revision in found.items()}

    def number(self, document: EducationCampaign) -> int:
        """Return the id of a campaign."""
        return document.campaign_id

    def name(self, document: EducationCampaign) -> str:
        """Return its region and name: one region has each name once."""
        return f"{document.region}\n{document.name}"

    def written(self, document: EducationCampaign) -> str:
        """Write a campaign."""
        return serialization.written(document)

    def read(self, text: str) -> EducationCampaign:
        """Read a campaign."""
        return serialization.read(text)

    def missing(self, number: int) -> FanzhaError:
        """Return the error for an id that has no campaign."""
        return NotFound("campaign_id: there is no campaign {campaign_id}", campaign_id=number)

    def conflict(self, number: int) -> FanzhaError:
        """Return the error for a campaign that was changed meanwhile."""
        return VersionConflict(
            "campaign {campaign_id} was changed concurrently; read it again", campaign_id=number
        )

    def full(self) -> FanzhaError:
        """Return the error for one campaign too many."""
        return InvalidInput("campaign: {most} are kept", most=MOST)
