"""The kinds of models of a worker: one for each channel, and one for the velocity of calls."""

from enum import StrEnum

from fanzha.tables import Channel


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


OF_CHANNEL = {
    Channel.CALL: ModelKind.CALL,
    Channel.TEXT: ModelKind.SMS,
    Channel.LINK: ModelKind.URL,
}
"""The kind of model that decides on a channel."""
