"""Reads a field of a card. Apart from `classifiers.card`, which imports the cascade's table."""

from collections.abc import Mapping
from typing import TypeVar

from fanzha.errors import InvalidConfiguration

FieldType = TypeVar("FieldType")


def checked_field(table: Mapping[str, object], name: str, kind: type[FieldType]) -> FieldType:
    """Return *name* of *table*, which must be of *kind* and not empty."""
    value = table.get(name)
    if not isinstance(value, kind):
        if value is None:
            raise InvalidConfiguration("{name} is missing", name=name)
        raise InvalidConfiguration("{name} is {value!r}", name=name, value=value)
    if value in ("", {}, []):
        raise InvalidConfiguration("{name} is empty", name=name)
    return value
