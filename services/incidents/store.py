"""Stores incidents in Redis, each as one document, and the packages of their leads.

=========================================  ===============================================
key                                        what
=========================================  ===============================================
``{fanzha:incidents}:next``                the last id allocated; some are never used
``{fanzha:incidents}:documents``           hash: incidents as JSON, by id
``{fanzha:incidents}:revisions``           hash: their revisions, by id
``{fanzha:incidents}:names``               hash: their ids, by region and title
``{fanzha:incidents}:package:ID:LEAD``     the ZIP file of a lead, until its incident is closed
=========================================  ===============================================
"""

from collections.abc import Sequence

from fanzha.errors import FanzhaError, InvalidInput, NotFound, Unavailable, VersionConflict
from infra.redis.client import Client, within
from infra.redis.document_store import DocumentStore
from services.incidents import serialization
from services.incidents.model import Incident

MOST = 5_000
"""Incidents that are kept."""
_SECONDS = 10.0


class IncidentStore(DocumentStore[Incident]):
    """Reads and writes incidents. Raises `Unavailable` within seconds while Redis is down."""

    space = "fanzha:incidents"
    what = "incident"
    most = MOST

    def number(self, document: Incident) -> int:
        """Return the id of an incident."""
        return document.incident_id

    def name(self, document: Incident) -> str:
        """Return its region and title: a region has each title once."""
        return f"{document.region}\n{document.title}"

    def written(self, document: Incident) -> str:
        """Write an incident."""
        return serialization.written(document)

    def read(self, text: str) -> Incident:
        """Read an incident."""
        return serialization.read(text)

    def missing(self, number: int) -> FanzhaError:
        """Return the error for an id that has no incident."""
        return NotFound("incident_id: there is no incident {incident_id}", incident_id=number)

    def conflict(self, number: int) -> FanzhaError:
        """Return the error for an incident that was changed meanwhile."""
        return VersionConflict(
            "incident {incident_id} was changed concurrently; read it again", incident_id=number
        )

    def full(self) -> FanzhaError:
        """Return the error for one incident too many."""
        return InvalidInput("incident: {most} are kept", most=MOST)


class LeadPackageStore:
    """Keeps the packages of leads as they were sent."""

    def __init__(self, client: Client) -> None:
        """*client* must return bytes."""
        self._client = client

    async def put(self, incident_id: int, lead_id: int, package: bytes) -> None:
        """Keep a package."""
        async with within(_SECONDS):
            await self._client.set(_package(incident_id, lead_id), package)

    async def get(self, incident_id: int, lead_id: int) -> bytes:
        """Return a package; `NotFound` when it is not kept any more."""
        async with within(_SECONDS):
            found = await self._client.get(_package(incident_id, lead_id))
        if found is None:
            raise NotFound(
                "lead {lead_id} of incident {incident_id} has no package: it was not sent, or its "
                "incident is closed",
                lead_id=lead_id,
                incident_id=incident_id,
            )
        if not isinstance(found, bytes):
            raise Unavailable("the package of a lead is no bytes")
        return found

    async def drop(self, incident_id: int, lead_ids: Sequence[int]) -> None:
        """Forget the packages of a closed incident."""
        if lead_ids:
            async with within(_SECONDS):
                await self._client.delete(*(_package(incident_id, one) for one in lead_ids))


def _package(incident_id: int, lead_id: int) -> str:
    return f"{{fanzha:incidents}}:package:{incident_id}:{lead_id}"
