"""What a failed call means for a person, without gRPC."""

from typing import Any

import grpc

from fanzha.client import (
    localized_message,
    unconfirmed_replacements,
    unconfirmed_risks,
    version_conflict,
)
from fanzha.errors import VersionConflict
from fanzha.translation.message import Message


class BackendFault(Exception):
    """A call that failed; the message is in the language of the reader where the server has it."""

    def __init__(
        self,
        status: str,
        message: str,
        *,
        conflict: VersionConflict | None = None,
        risks: tuple[str, ...] = (),
        replacements: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        """Name of the gRPC status, such as ``NOT_FOUND``."""
        self.message = message
        self.conflict = conflict
        """Both versions, where another change came first."""
        self.risks = risks
        """What a change would hit, to be confirmed word for word (`confirmed_risks`)."""
        self.replacements = replacements
        """What would change in entries, to be allowed by `replace`."""

    @property
    def is_input(self) -> bool:
        """Whether the reader can mend it in the form that they sent."""
        return self.status in {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "ABORTED"}


_OF_GRPC = (
    ("Deadline Exceeded", Message("it did not answer in time")),
    ("failed to connect", Message("it cannot be reached")),
)
"""What gRPC itself says where no server answered: in English, and with addresses."""


def fault_of(error: grpc.RpcError, language: str) -> BackendFault:
    """Return what ended a call, for somebody who reads *language*."""
    call: Any = error
    said = call.details() or ""
    ours = next((text.translated(language) for sign, text in _OF_GRPC if sign in said), said)
    return BackendFault(
        call.code().name,
        localized_message(error) or ours,
        conflict=version_conflict(error),
        risks=unconfirmed_risks(error),
        replacements=unconfirmed_replacements(error),
    )
