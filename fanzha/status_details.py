"""What a failed request says beyond its message: the names that a server writes and a client reads.

Details travel in a trailer as google.rpc defines them. A version conflict is a google.rpc.ErrorInfo
with the reason `VERSION_CONFLICT`, whose metadata are two numbers in decimal digits. A change whose
risks are not confirmed is one with the reason `RISKS_UNCONFIRMED`, whose metadata are the risks,
numbered from 0; one that would replace entries has the reason `REPLACEMENT_UNCONFIRMED`, and what
would change in each. Where the caller's `accept-language` names a language that the server has, a
google.rpc.LocalizedMessage says the same as the message of the status, which is English.
"""

DETAILS_KEY = "grpc-status-details-bin"
"""Trailer with a google.rpc.Status; of gRPC."""
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
"""Type of a detail with a reason, a domain and metadata."""
LOCALIZED_MESSAGE = "type.googleapis.com/google.rpc.LocalizedMessage"
"""Type of a detail with the message in the caller's language."""
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
"""Type of a detail with the time to wait before a retry."""

DOMAIN = "fanzha"
"""Whose reasons these are."""
VERSION_CONFLICT = "VERSION_CONFLICT"
"""Somebody else's change came first."""
EXPECTED = "expected_version"
"""The version or revision that the request named; absent where it named none."""
ACTUAL = "actual_version"
"""The version or revision now."""
RISKS_UNCONFIRMED = "RISKS_UNCONFIRMED"
"""The change would hit what many depend on; its metadata say what has to be confirmed."""
REPLACEMENT_UNCONFIRMED = "REPLACEMENT_UNCONFIRMED"
"""The change would replace entries; its metadata say what would change in each."""
