"""What kinds of models a worker holds: one for each channel, and one for the moment of a call."""

from enum import StrEnum

from fanzha.tables import Channel


class ModelKind(StrEnum):
    """A kind of model, by the word that people call it."""

    CALL = "call"
    SMS = "sms"
    URL = "url"
    VELOCITY = "moment"

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
