"""Reads a field of a card. Apart from `classifiers.card`, which imports the cascade's table."""

from collections.abc import Mapping
from typing import TypeVar

FieldType = TypeVar("FieldType")


def checked_field(table: Mapping[str, object], name: str, kind: type[FieldType]) -> FieldType:
    """Return *name* of *table*, which must be of *kind* and not empty."""
    value = table.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"{name} is missing" if value is None else f"{name} is {value!r}")  # noqa: TRY004
    if value in ("", {}, []):
        raise ValueError(f"{name} is empty")
    return value
