"""Encodes messages as CloudEvents in structured JSON, for webhooks and Kafka."""

from datetime import UTC, datetime

from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

from services.warning.channels.channel import Outgoing

EVENT_TYPE = "fanzha.warning.v1"


def written(outgoing: Outgoing, source: str, at_ms: int) -> tuple[str, str]:
    """Return the content type and body of a message."""
    event = CloudEvent(
        {
            "id": outgoing.message_id,
            "source": source,
            "type": EVENT_TYPE,
            "subject": outgoing.case_id,
            "time": datetime.fromtimestamp(at_ms / 1000, UTC),
            "datacontenttype": "application/json",
        },
        {
            "message_id": outgoing.message_id,
            "case_id": outgoing.case_id,
            "to": outgoing.to,
            "text": outgoing.text,
            "priority": outgoing.priority,
            "region": outgoing.region,
        },
    )
    message = to_structured_event(event)
    return message.headers["content-type"], message.body.decode()
