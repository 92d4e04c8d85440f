"""The kinds of models of a worker: one for each channel, and one for the velocity of calls.

Commands on models read them for their help, so this module imports nothing that takes long.
"""

from enum import StrEnum


class ModelKind(StrEnum):
    """A kind of model; the value is its word in commands and metrics."""

    CALL = "call"
    SMS = "sms"
    URL = "url"
    VELOCITY = "moment"
    """Bundles were released under this word, so commands and folders keep it."""

    @property
    def folder(self) -> str:
        """Folder of the kind's bundles."""
        return "caller" if self is ModelKind.CALL else self.value
