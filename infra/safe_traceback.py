"""Tells of failures nobody foresaw without quoting what was being worked on.

The message of an error may hold a number or the text of a message, and a variable in
it certainly may; its type and the places in our code that it passed through do not.
"""

import traceback


def kind_and_places(error: BaseException) -> str:
    """Return the type of *error* and where it came from, for the log."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
