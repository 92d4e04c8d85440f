"""Which kind of model decides on which channel."""

from fanzha.tables import Channel
from services.decision.model_kinds import ModelKind

OF_CHANNEL = {
    Channel.CALL: ModelKind.CALL,
    Channel.TEXT: ModelKind.TEXT,
    Channel.LINK: ModelKind.LINK,
}
"""The kind of model that decides on a channel."""
