"""Stores entities in Redis, each as one document; a change compares the revision first.

=====================================  ===================================================
key                                    what
=====================================  ===================================================
``{fanzha:entities}:next``             the last id allocated; some are never used
``{fanzha:entities}:documents``        hash: entities as JSON, by id
``{fanzha:entities}:revisions``        hash: their revisions, by id
``{fanzha:entities}:names``            hash: their ids, by clean-up and name
=====================================  ===================================================

A province has hundreds, an entity takes some 4 kB, and lists read all of them.
"""

from fanzha.errors import FanzhaError, InvalidInput, NotFound, VersionConflict
from infra.redis.document_store import DocumentStore
from services.entities import serialization
from services.entities.model import Entity

MOST = 5_000
"""Entities that are kept."""


class EntityStore(DocumentStore[Entity]):
    """Reads and writes entities. Raises `Unavailable` within seconds while Redis is down."""

    space = "fanzha:entities"
    what = "entity"
    most = MOST

    def number(self, document: Entity) -> int:
        """Return the id of an entity."""
        return document.entity_id

    def name(self, document: Entity) -> str:
        """Return its clean-up and name: one clean-up has each name once."""
        return f"{document.cleanup}\n{document.name}"

    def written(self, document: Entity) -> str:
        """Write an entity."""
        return serialization.written(document)

    def read(self, text: str) -> Entity:
        """Read an entity."""
        return serialization.read(text)

    def missing(self, number: int) -> FanzhaError:
        """Return the error for an id that has no entity."""
        return NotFound("entity_id: there is no entity {entity_id}", entity_id=number)

    def conflict(self, number: int) -> FanzhaError:
        """Return the error for an entity that was changed meanwhile."""
        return VersionConflict(
            "entity {entity_id} was changed concurrently; read it again", entity_id=number
        )

    def full(self) -> FanzhaError:
        """Return the error for one entity too many."""
        return InvalidInput("entity: {most} are kept", most=MOST)
