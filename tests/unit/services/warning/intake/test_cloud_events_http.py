"""Any body is answered event by event or refused, and what the library writes is read."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import httpx
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from services.auth import identity
from services.warning.intake import cloud_events_http
from services.warning.intake.cloud_events_http import TYPE
from services.warning.intake.parser import FIELDS, RawWarning, WarningParser
from services.warning.intake.service import IntakeResult, IntakeStatus
from services.warning.intake.submission import WarningSubmission
from services.warning.model import WarningRecord
from tests.support.damaged_inputs import changed, damaged_bytes
from tests.support.warnings import NOW_MS

BATCH, ONE = "application/cloudevents-batch+json", "application/cloudevents+json"
DATA = {
    "victim": "+8617000000001",
    "means_kind": "caller",
    "means": "+8619900000001",
    "occurred_at": NOW_MS - 1000,
}
EVENT = {"specversion": "1.0", "type": TYPE, "source": "/x", "id": "1", "data": DATA}
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


class Accepting:
    """Accepts every warning, in place of the intake and of the statistics of sources."""

    async def ingest(self, warnings: Sequence[WarningRecord]) -> list[IntakeResult]:
        return [IntakeResult(status=IntakeStatus.ACCEPTED, case_id="c") for _ in warnings]

    async def count(self, source_name: str, results: Iterable[IntakeResult]) -> None:
        """Count nothing."""


class Submission(WarningSubmission):
    """Remembers what was decoded."""

    def __init__(self) -> None:
        accepting: Any = Accepting()
        reads = WarningParser(HomePlan(), now_ms=lambda: NOW_MS, max_age_hours=72)
        super().__init__(intake=accepting, warning_parser=reads, sources=accepting)
        self.decoded: list[RawWarning | InvalidInput] = []

    async def submit(
        self, raw_warnings: Sequence[RawWarning | InvalidInput], source: Source, source_name: str
    ) -> list[IntakeResult]:
        self.decoded += raw_warnings
        return await super().submit(raw_warnings, source, source_name)


SUBMISSION = Submission()
APP = cloud_events_http.app(SUBMISSION, None)


def post(body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
    SUBMISSION.decoded.clear()

    async def ask() -> httpx.Response:
        # The transport raises what the application raises.
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            return await client.post(
                "/warnings?kind=carrier&source_name=carrier.example", content=body, headers=headers
            )

    with identity.acting_as(identity.DEVELOPER):
        answer = asyncio.run(ask())
    return answer.status_code, answer.json()


def assert_answered(status: int, answer: Any, events: int | None = None) -> None:
    if status == 200:
        assert len(answer["results"]) == len(SUBMISSION.decoded)
        assert events in {None, len(answer["results"])}
        for one in answer["results"]:
            assert one["result"] in set(IntakeStatus)
            assert one["result"] != IntakeStatus.REFUSED or one["reason"]
    else:
        assert status in {400, 413}
        assert answer["error"]


bodies = st.one_of(
    damaged_bytes(json.dumps([EVENT]).encode()),
    damaged_bytes(json.dumps(EVENT).encode()),
    st.binary(max_size=30),
)


@given(bodies, st.sampled_from([BATCH, ONE, "application/json", "", "APPLICATION/JSON; x"]))
@example(b"[" * 5000, BATCH)
@example(b'{"id":' * 5000, ONE)
@example(b"[1e999, NaN, 1]", BATCH)
@settings(max_examples=25)
def test_any_body_is_answered_or_refused(body: bytes, kind: str) -> None:
    status, answer = post(body, {"content-type": kind})

    assert_answered(status, answer)


@given(st.lists(changed(EVENT), min_size=1, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_each_event_of_a_batch_is_answered_whatever_the_others_are(events: list[Any]) -> None:
    batch = [EVENT, *events, EVENT]

    status, answer = post(json.dumps(batch).encode(), {"content-type": BATCH})

    assert_answered(status, answer, len(batch))
    assert [answer["results"][place]["result"] for place in (0, -1)] == ["accepted"] * 2


@given(st.dictionaries(st.text("abc-", min_size=1, max_size=8), st.text("a1%²é", max_size=8)),
       st.binary(max_size=20))  # fmt: skip
@settings(max_examples=25)
def test_any_headers_of_an_event_in_binary_mode_are_answered(
    more: dict[str, str], body: bytes
) -> None:
    headers = {"ce-id": "1", "ce-type": TYPE, "ce-source": "/x", "ce-specversion": "1.0"}
    extra = {f"ce-{name}": value.encode() for name, value in more.items()}

    status, answer = post(body, headers | extra)  # type: ignore[arg-type]

    assert_answered(status, answer, 1 if status == 200 else None)


def test_no_depth_of_nesting_ends_the_request() -> None:
    # Near the limit of recursion, what can be parsed might be too deep to be written again.
    for depth in range(900, 1000, 10):
        nested = b"[" * depth + b"]" * depth
        for name in (b"data", b"id"):
            status, answer = post(b'{"%s": %s}' % (name, nested), {"content-type": ONE})

            assert_answered(status, answer)


@given(
    st.text("abc-1", min_size=1, max_size=20),
    st.datetimes(timezones=st.just(UTC)),
    st.fixed_dictionaries({"victim": VALUES, "means": VALUES, "campaign": VALUES}),
    st.sampled_from([to_structured_event, to_binary_event]),
)
@settings(max_examples=25)
def test_an_event_that_the_library_wrote_is_decoded_as_it_was(
    event_id: str, time: Any, data: dict[str, str], write: Any
) -> None:
    attributes = {"id": event_id, "source": "/x", "type": TYPE, "time": time}
    event = CloudEvent(attributes | {"datacontenttype": "application/json"}, data)
    message = write(event)

    status, answer = post(message.body, message.headers)

    (decoded,) = SUBMISSION.decoded
    assert status == 200
    assert isinstance(decoded, RawWarning)
    assert answer["results"][0]["id"] == decoded.reference == event_id
    assert {name: getattr(decoded, name) for name in data} == {
        name: value.strip() for name, value in data.items()
    }
    assert set(data) <= set(FIELDS)
