"""Every failure this project raises on purpose.

A caller can act on each class differently; that is the only reason to add one.
"""

from typing import Self


class FanzhaError(Exception):
    """Base of the errors below; never raised itself."""


class InvalidInput(FanzhaError):
    """The request is wrong, so repeating it cannot help."""


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
        compared = "" if expected is None else f", not {expected}"
        error = cls(f"{field}: {what} at {actual}{compared}{advice and f'; {advice}'}")
        error.expected, error.actual = expected, actual
        return error


class RisksUnconfirmed(FanzhaError):
    """The change would hit what many depend on, and its author has not confirmed each risk."""

    def __init__(self, risks: tuple[str, ...]) -> None:
        """Take the *risks* to confirm, as they have to be repeated."""
        listed = ", ".join(map(repr, risks))
        super().__init__(f"confirmed_risks: no second person reviews this, and it hits {listed}")
        self.risks = risks


class Unavailable(FanzhaError):
    """Something we depend on is away; retry later."""
