"""What the archive needs of an object store, whoever serves it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from fanzha.errors import Unavailable

SHA256_LABEL = "fanzha-sha256"
"""Name of the label with which an object says what it should hash to, in hexadecimal digits."""


class ArchiveCause(StrEnum):
    """Why an object could not be stored or read."""

    UNREACHABLE = "unreachable"
    """The store is away, slow or broken, or its certificate is not trusted."""
    REFUSED = "refused"
    """It does not take our credentials, or they lack a right, or there is no such bucket."""
    DAMAGED = "damaged"
    """What it holds is not what was sent."""


class ArchiveFault(Unavailable):
    """The object store failed us; what was to be done is done later."""

    def __init__(self, cause: ArchiveCause, message: str, /, **values: object) -> None:
        super().__init__(message, **values)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as the store describes it."""

    key: str
    size: int
    sha256: str
    """As the store computed it, in hexadecimal digits; empty where it computes none."""
    labels: Mapping[str, str]
    """What was written with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """An object in a listing."""

    key: str
    size: int


class ByteSink(Protocol):
    """What the contents of an object are written to, such as a file."""

    def write(self, piece: bytes, /) -> object:
        """Take the next bytes."""


class ObjectStore(Protocol):
    """Objects by key. Blocking; every method raises `ArchiveFault`."""

    def put(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file, labelled with its SHA-256; an object of this key is replaced."""

    def find(self, key: str) -> StoredObject | None:
        """Describe an object; None when there is none."""

    def fetch(self, key: str, file: ByteSink) -> None:
        """Write the contents of an object to *file*; NotFound when there is none."""

    def names(self, prefix: str) -> Iterator[ObjectName]:
        """List the objects below *prefix* lazily, in the order of their keys."""

    def delete(self, keys: list[str]) -> None:
        """Delete objects; those that are gone already are no fault."""
