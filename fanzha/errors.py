"""Every failure this project raises on purpose.

A caller can act on each class differently; that is the only reason to add one.
"""

from typing import Self

from fanzha.translation import catalogue, os_faults, toml_faults
from fanzha.translation.message import Message


class FanzhaError(Exception):
    """Base of the errors below; never raised itself.

    *message* is a key of the catalogues, *values* fill its places: the error reads in English, and
    `translated` says it in another language. Without values the message is taken as it is.
    """

    def __init__(self, message: str = "", /, **values: object) -> None:
        super().__init__(catalogue.translated(message, values, catalogue.ENGLISH))
        self.message = message
        self.values = {name: _without_frames(value) for name, value in values.items()}

    def translated(self, language: str) -> str:
        """Return what the error says, in *language*."""
        return catalogue.translated(self.message, self.values, language)

    def as_message(self) -> Message:
        """Return what the error says, as a text that outlives it."""
        return Message(self.message, **self.values)


def _without_frames(value: object) -> object:
    """Return what an error says in place of the error, which holds the frames that it passed."""
    if isinstance(value, FanzhaError):
        return value.as_message()
    if isinstance(value, OSError):
        return os_faults.fault(value)
    # By its name, because tomllib need not be loaded for every command.
    if isinstance(value, ValueError) and type(value).__name__ == "TOMLDecodeError":
        return toml_faults.fault(value)
    return str(value) if isinstance(value, BaseException) else value


class InvalidInput(FanzhaError):
    """The request is wrong, so repeating it cannot help."""


class InvalidConfiguration(FanzhaError, ValueError):
    """A setting, or a file that a setting or command names, is wrong."""


class CannotStart(FanzhaError, RuntimeError):
    """A process cannot start here: a port, a folder or a program is taken or missing."""


class NotFound(FanzhaError):
    """What the request names does not exist here."""


class Unauthenticated(FanzhaError):
    """The caller is not authenticated: no credentials, or invalid ones."""


class NotAllowed(FanzhaError):
    """This caller may not do this."""

    on_record = False
    """Whether the audit log has a record of it already, more detailed than the interceptor's."""


class VersionConflict(FanzhaError):
    """Someone else's change came first; read again and retry."""

    expected: int | None = None
    """The version or revision that the caller named; None where no version was compared."""
    actual: int | None = None

    @classmethod
    def between(
        cls, field: str, what: str, *, expected: int | None, actual: int, advice: str = ""
    ) -> Self:
        """Return the conflict of *what*, which is at *actual*; *field* names *expected*."""
        compared = (
            Message("") if expected is None else Message(", not {expected}", expected=expected)
        )
        error = cls(
            "{field}: {what} at {actual}{compared}{advice}",
            field=field,
            what=what,
            actual=actual,
            compared=compared,
            advice=Message("; {advice}", advice=advice) if advice else "",
        )
        error.expected, error.actual = expected, actual
        return error


class RisksUnconfirmed(FanzhaError):
    """The change would hit what many depend on, and its author has not confirmed each risk."""

    def __init__(self, risks: tuple[str, ...]) -> None:
        """Take the *risks* to confirm, as they have to be repeated."""
        super().__init__(
            "confirmed_risks: no second person reviews this, and it hits {risks}",
            risks=", ".join(map(repr, risks)),
        )
        self.risks = risks


class ReplacementUnconfirmed(FanzhaError):
    """The change would replace entries of other contents, and does not say that it may."""

    def __init__(self, differences: tuple[str, ...], entries: int) -> None:
        """Take what would change in the first of *entries* entries, a text for each."""
        super().__init__(
            "replace: required, or expected_version, as {entries} of the entries change, such as "
            "{difference}",
            entries=entries,
            difference=differences[0],
        )
        self.differences = differences


class Unavailable(FanzhaError):
    """Something we depend on is away; retry later."""
