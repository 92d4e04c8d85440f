"""Shows what the graph holds of one entity: masked by role, and each time audited."""

from dataclasses import replace

from fanzha import url
from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import UNREADABLE, HomePlan, masked, sender_name
from services.audit.events import Audit, AuditKind
from services.auth import personal_data
from services.decision.related.entities import (
    NAME,
    TEXT,
    is_party,
    link_entity,
    party_entity,
    text_entity,
)
from services.decision.related.store import GraphStore, Neighbour, ShownEntity


class RelationReader:
    """Reads the graph. Raises `Unavailable` while Redis is down."""

    def __init__(self, store: GraphStore, *, home: HomePlan, audit: Audit) -> None:
        self._store = store
        self._home = home
        self._audit = audit

    async def show(self, subject: str, *, unmasked: bool) -> tuple[str, ShownEntity]:
        """Return the entity of a number, name, URL, host or fingerprint, and what is held of it.

        Of a fingerprint, that is the entity of the known text that it is nearest to.

        Raises `InvalidInput` for what is none, and `NotFound` for one that was never seen.
        """
        if unmasked:
            personal_data.check_unmasked("unmasked")
        entity = self._entity(subject)
        details = {"entity": entity, "unmasked": str(unmasked).lower()}
        await self._audit.record(AuditKind.RELATIONS_READ, subject="graph", details=details)
        found = await self._store.show(entity)
        if found is None:
            raise NotFound("subject: the graph holds nothing of it")
        entity = found.entity
        return (entity, found) if unmasked else (shown(entity), _masked(found))

    def _entity(self, subject: str) -> str:
        if text := text_entity(subject.removeprefix(TEXT)):
            return text
        key = self._home.number_key(subject)
        if key != UNREADABLE:
            return party_entity(key)
        if "." in subject or "://" in subject:
            entity = link_entity(url.canonical(subject))
            if entity:
                return entity
        if self._home.sender_key(subject) == UNREADABLE:
            raise InvalidInput(
                "subject: a number, a sender's name, a URL or host, or a fingerprint"
            )
        return NAME + sender_name(subject.removeprefix(NAME)).casefold()


def shown(entity: str) -> str:
    """Mask an entity, unless it is a link or text."""
    return masked(entity) if entity and is_party(entity) else entity


def _masked(found: ShownEntity) -> ShownEntity:
    suspect = found.suspect
    return found._replace(
        suspect=suspect and replace(suspect, related_to=shown(suspect.related_to)),
        neighbours=[Neighbour(shown(one.entity), one.together) for one in found.neighbours],
    )
