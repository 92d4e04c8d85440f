"""Describe an unexpected exception for the log without personal data.

The message of an exception may quote a phone number or a text. Its type and its traceback, which
has source lines and no values, do not.
"""

import traceback


def kind_and_places(error: BaseException) -> str:
    """Return the type and the traceback of *error*, without its message."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
