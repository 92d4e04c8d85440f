"""Writes entities as JSON documents, and reads them back."""

import json
from dataclasses import asdict
from typing import Any

from services.entities import responsible_units
from services.entities.model import (
    Entity,
    EntityEvent,
    EntityEventKind,
    EntityIdentifier,
    EntityKind,
    EntitySighting,
    ExitStep,
    IdentifierKind,
    StepState,
)


def written(entity: Entity) -> str:
    """Write an entity."""
    return json.dumps(asdict(entity), ensure_ascii=False, separators=(",", ":"))


def read(text: str | bytes) -> Entity:
    """Read an entity."""
    fields = json.loads(text)
    return Entity(
        **fields
        | {
            "kind": EntityKind(fields["kind"]),
            "identifiers": tuple(map(_identifier, fields["identifiers"])),
            "steps": tuple(
                ExitStep(
                    **one
                    | {
                        "state": StepState(one["state"]),
                        "owner": responsible_units.code_of(one["owner"]),
                    }
                )
                for one in fields["steps"]
            ),
            "sightings": tuple(
                EntitySighting(**one | {"identifier": _identifier(one["identifier"])})
                for one in fields["sightings"]
            ),
            "change_ids": tuple(fields["change_ids"]),
            "events": tuple(
                EntityEvent(**one | {"what": EntityEventKind(one["what"])})
                for one in fields["events"]
            ),
        }
    )


def _identifier(fields: Any) -> EntityIdentifier:
    return EntityIdentifier(IdentifierKind(fields["kind"]), fields["value"])
