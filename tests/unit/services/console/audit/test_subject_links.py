"""Audit records lead to the pages of what there is."""

from typing import Any

from fanzha.v1 import audit_pb2, change_pb2
from services.console.audit import subject_links
from services.console.backend.faults import BackendFault


class Reader:
    """Somebody who reads the log of a service that has some changes."""

    def __init__(self, *changes: int, may: bool = True) -> None:
        self.calls = self
        self.asked: list[int] = []
        self._changes = changes
        self._may = may

    def may(self, *_methods: str) -> bool:
        return self._may

    async def unary(self, method: str, request: change_pb2.GetChangeRequest) -> Any:
        assert method == "ChangeService/GetChange"
        self.asked.append(request.id)
        if request.id not in self._changes:
            raise BackendFault("NOT_FOUND", "there is no such change")
        return change_pb2.GetChangeResponse()


async def links(reader: Any, *told: tuple[str, str]) -> dict[str, str]:
    records = [audit_pb2.AuditRecord(subject=subject, kind=kind) for subject, kind in told]
    return await subject_links.of(reader, records)


async def test_a_change_that_was_refused_before_it_was_stored_leads_nowhere() -> None:
    reader = Reader(8)

    found = await links(
        reader,
        ("change:7", "request_submitted"),
        ("change:7", "refused"),
        ("change:8", "request_submitted"),
        ("change:8", "refused"),
        ("change:9", "request_submitted"),
    )

    assert found == {"change:8": "/changes/8"}


async def test_of_a_change_that_went_on_nobody_is_asked() -> None:
    reader = Reader()

    found = await links(
        reader,
        ("change:7", "request_submitted"),
        ("change:7", "change_applied"),
        ("appeal:3", "refused"),
        ("method:ChangeService/GetChange", "refused"),
    )

    assert found == {"change:7": "/changes/7", "appeal:3": "/appeals/3"}
    assert reader.asked == []


async def test_what_one_may_not_read_is_neither_asked_for_nor_linked() -> None:
    reader = Reader(7, may=False)

    assert await links(reader, ("change:7", "refused")) == {}
    assert reader.asked == []
