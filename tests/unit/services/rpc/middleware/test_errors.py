"""Which status an error becomes, and how often a failure nobody foresaw is logged."""

import logging

import grpc
import pytest

from fanzha import errors
from services.rpc.middleware.errors import STATUS_BY_ERROR, ErrorResponder, status_of
from services.rpc.middleware.unexpected_errors import MAX_KINDS, WINDOW_SECONDS, UnexpectedLog
from tests.support.log_records import logged_by


class NoSuchEntry(errors.NotFound):
    """More exactly what was not found."""


class NoSuchRow(NoSuchEntry):
    """More exactly still."""


@pytest.mark.parametrize("kind", [NoSuchEntry, NoSuchRow])
def test_a_subclass_has_the_status_of_its_base(kind: type[Exception]) -> None:
    assert status_of(kind("e1")) is grpc.StatusCode.NOT_FOUND


def test_every_error_of_ours_has_a_status() -> None:
    types = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind for kind in types if issubclass(kind, errors.FanzhaError)]
    raised = [kind for kind in ours if kind is not errors.FanzhaError]

    assert raised
    assert {kind for kind in raised if kind not in STATUS_BY_ERROR} == set()


@pytest.mark.parametrize("kind", [errors.FanzhaError, KeyError, RuntimeError])
def test_an_unexpected_error_is_unknown(kind: type[Exception]) -> None:
    assert status_of(kind("x")) is grpc.StatusCode.UNKNOWN


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_failure_that_repeats_is_logged_once_a_window_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    log = UnexpectedLog(clock)
    with caplog.at_level(logging.ERROR):
        for _ in range(1000):
            log.note("/S/M", KeyError("+8617000000001"))
        assert len(logged_by(caplog, "services.rpc")) == 1

        clock.now = WINDOW_SECONDS
        log.note("/S/M", KeyError("again"))

    records = logged_by(caplog, "services.rpc")
    messages = [record.getMessage().splitlines()[0] for record in records]
    assert messages == [
        "unexpected in /S/M: KeyError",
        "unexpected in /S/M: KeyError 999 more times",
        "unexpected in /S/M: KeyError",
    ]
    assert "170000" not in caplog.text


def test_failures_in_ever_new_shapes_are_counted_too(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = UnexpectedLog(clock)
    with caplog.at_level(logging.ERROR):
        for number in range(MAX_KINDS + 5):
            log.note(f"/S/M{number}", KeyError())
        assert len(logged_by(caplog, "services.rpc")) == MAX_KINDS

        clock.now = WINDOW_SECONDS
        log.note("/S/M", KeyError())

    assert "5 failures of further kinds" in caplog.text


class Aborting:
    """The context of a request that ends it as gRPC does, by raising."""

    def __init__(self) -> None:
        self.ended: list[tuple[grpc.StatusCode, str]] = []

    def invocation_metadata(self) -> tuple[()]:
        return ()

    async def abort(self, status: grpc.StatusCode, message: str, _trailers: object = ()) -> None:
        self.ended.append((status, message))
        raise grpc.aio.AbortError


async def test_requests_that_fail_alike_write_one_traceback_and_quote_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    statuses: list[str] = []
    responder = ErrorResponder(
        "/S/M", failed=statuses.append, on_refusal=lambda *_: None, unexpected=UnexpectedLog()
    )
    context = Aborting()
    with caplog.at_level(logging.ERROR):
        for _ in range(100):
            with pytest.raises(grpc.aio.AbortError):
                await responder.abort(context, TypeError("+8617000000001"))

    assert len(logged_by(caplog, "services.rpc")) == 1
    assert statuses == ["unknown"] * 100
    assert set(context.ended) == {(grpc.StatusCode.UNKNOWN, "unexpected TypeError")}
    assert "170000" not in caplog.text
