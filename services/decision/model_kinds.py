"""The kinds of models of a worker: one for each channel, and one for the velocity of calls.

Commands on models read them for their help, so this module imports nothing that takes long.
"""

from enum import StrEnum


class ModelKind(StrEnum):
    """A kind of model; the value is its word in commands, metrics and the store."""

    CALL = "call"
    TEXT = "text"
    LINK = "link"
    VELOCITY = "velocity"

    @property
    def folder(self) -> str:
        """Folder of the kind's bundles, and their channel: released bundles never change."""
        return _FOLDERS[self]


_FOLDERS = {
    ModelKind.CALL: "caller",
    ModelKind.TEXT: "sms",
    ModelKind.LINK: "url",
    ModelKind.VELOCITY: "moment",
}
