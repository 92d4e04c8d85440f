"""The envelope of an outgoing message is read back by the library of CloudEvents."""

import json

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from services.warning.channels import cloud_events
from services.warning.channels.channel import Outgoing
from tests.support.effort import examples

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
IDS = st.text("abc.0-", min_size=1, max_size=30)


@given(
    st.builds(
        Outgoing,
        message_id=IDS,
        to=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
        text=TEXTS,
        case_id=IDS,
        priority=st.integers(0, 1),
        region=TEXTS,
    ),
    st.integers(0, 2**41),
)
@settings(max_examples=examples(60))
def test_an_envelope_is_read_as_it_was_written(outgoing: Outgoing, at_ms: int) -> None:
    content_type, body = cloud_events.written(outgoing, "fanzha", at_ms)

    message = HTTPMessage({"content-type": content_type}, body.encode())
    event = from_structured_event(message, JSONFormat())

    assert json.loads(body)["specversion"] == "1.0"
    assert (event.get_id(), event.get_source()) == (outgoing.message_id, "fanzha")
    assert (event.get_type(), event.get_subject()) == (cloud_events.EVENT_TYPE, outgoing.case_id)
    time = event.get_time()
    assert time is not None
    assert round(time.timestamp() * 1000) == at_ms
    assert event.get_data() == {
        name: getattr(outgoing, name)
        for name in ("message_id", "case_id", "to", "text", "priority", "region")
    }
