"""Says in few words why a server gave no answer, of what gRPC says in many."""

from fanzha.translation import os_faults
from fanzha.translation.catalogue import gettext, gettext_noop

_NO_HOST = gettext_noop("there is no such host")
_NO_TLS = gettext_noop("it does not speak TLS")
_NOT_TRUSTED = gettext_noop("its certificate is not from an authority that --tls-ca names")
_OTHER_NAME = gettext_noop("its certificate is for another host")
_TLS = gettext_noop("the TLS handshake failed")
_CLOSED = gettext_noop("it closed the connection")
_LATE = gettext_noop("no connection in time")
_DEADLINE = gettext_noop("not in time")
_CAUSES = (
    ("Deadline Exceeded", _DEADLINE),
    ("Domain name not found", _NO_HOST),
    ("Name or service not known", _NO_HOST),
    ("DNS resolution failed", _NO_HOST),
    ("address lookup failed", _NO_HOST),
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("CERTIFICATE_VERIFY_FAILED", _NOT_TRUSTED),
    ("Peer name", _OTHER_NAME),
    ("andshake failed", _TLS),
    ("Socket closed", _CLOSED),
    ("timeout", _LATE),
    ("timed out", _LATE),
    *((text, text) for text in sorted(os_faults.TEXTS)),
)
"""What stands in the details of gRPC, and what it means; the first that stands there counts."""


def reason(details: str) -> str:
    """Return why, in the language of the user; *details* as they are where they are not known."""
    return next((gettext(cause) for sign, cause in _CAUSES if sign in details), details)
