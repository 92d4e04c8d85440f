"""Every failure this project raises on purpose.

A caller can act on each class differently; that is the only reason to add one.
"""


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
    """Someone else changed the lists first; read them again and retry."""


class Unavailable(FanzhaError):
    """Something we depend on is away; retry later."""
