"""The kinds of models of a worker: one for each channel, and one for the velocity of calls."""

from enum import StrEnum

from fanzha.tables import Channel


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

OF_CHANNEL = {
    Channel.CALL: ModelKind.CALL,
    Channel.TEXT: ModelKind.TEXT,
    Channel.LINK: ModelKind.LINK,
}
"""The kind of model that decides on a channel."""
