"""Details of a failed status: google.rpc reads them, and so does our client."""

from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, message_factory
from hypothesis import given
from hypothesis import strategies as st

from fanzha.client import localized_message, version_conflict
from fanzha.errors import InvalidInput, VersionConflict
from fanzha.status_details import DETAILS_KEY, ERROR_INFO, RETRY_INFO
from services.rpc.middleware.status_details import (
    conflict_trailers,
    localized_detail,
    other_trailers,
    retry_trailers,
)

VERSIONS = st.integers(0, 2**63 - 1)


class FailedCall(grpc.RpcError):
    """An RPC that ended with these trailers."""

    def __init__(self, *trailers: tuple[str, str | bytes]) -> None:
        self.trailers = trailers

    def trailing_metadata(self) -> Any:
        return self.trailers

    def details(self) -> str:
        return "the lists are at another version"


def conflict(expected: int | None, actual: int) -> VersionConflict:
    return VersionConflict.between("version", "the lists are", expected=expected, actual=actual)


@pytest.mark.parametrize("message", ["overloaded", "x" * 300])
def test_the_trailers_have_a_retry_delay(message: str) -> None:
    hint, (key, written) = retry_trailers(8, message, 0.25)

    status = google_rpc("Status").FromString(written)
    info = google_rpc("RetryInfo").FromString(status.details[0].value)

    assert hint == ("retry-after-ms", "250")
    assert key == "grpc-status-details-bin"
    assert (status.code, status.message) == (8, message)
    assert status.details[0].type_url == RETRY_INFO
    assert info.retry_delay.ToMilliseconds() == 250


def test_the_message_is_there_in_the_language_of_the_caller() -> None:
    error = InvalidInput("page_token: not one that was given out")

    ((_, written),) = other_trailers(3, str(error), *localized_detail(error, "zh"))

    assert isinstance(written, bytes)
    status = google_rpc("Status").FromString(written)
    localized = google_rpc("LocalizedMessage").FromString(status.details[0].value)
    assert status.message == str(error)
    assert (localized.locale, localized.message) == ("zh-CN", "page_token：不是已签发的分页令牌")
    assert localized_message(FailedCall((DETAILS_KEY, written))) == localized.message


def test_a_conflict_has_its_versions_beside_the_message_of_the_caller() -> None:
    error = conflict(3, 4)

    trailers = conflict_trailers(10, str(error), error, *localized_detail(error, "zh"))

    failed = FailedCall(*trailers)
    found = version_conflict(failed)
    assert found is not None
    assert (found.expected, found.actual) == (3, 4)
    assert localized_message(failed) == error.translated("zh")


@pytest.mark.parametrize(
    "error", [InvalidInput("x" * 3000), ValueError("not said to callers")], ids=["long", "foreign"]
)
def test_what_is_long_or_not_meant_for_callers_is_in_no_detail(error: Exception) -> None:
    assert localized_detail(error, "zh") == ()


def test_english_needs_no_detail() -> None:
    assert other_trailers(3, "no", *localized_detail(InvalidInput("no"), "en")) == ()
    assert localized_message(FailedCall()) == ""


FIELD = descriptor_pb2.FieldDescriptorProto
OPTIONAL, REPEATED = FIELD.LABEL_OPTIONAL, FIELD.LABEL_REPEATED
DESCRIBED: dict[str, list[tuple[str, int, Any, Any, str]]] = {
    "Status": [
        ("code", 1, FIELD.TYPE_INT32, OPTIONAL, ""),
        ("message", 2, FIELD.TYPE_STRING, OPTIONAL, ""),
        ("details", 3, FIELD.TYPE_MESSAGE, REPEATED, ".google.protobuf.Any"),
    ],
    "RetryInfo": [
        ("retry_delay", 1, FIELD.TYPE_MESSAGE, OPTIONAL, ".google.protobuf.Duration"),
    ],
    "Pair": [
        ("key", 1, FIELD.TYPE_STRING, OPTIONAL, ""),
        ("value", 2, FIELD.TYPE_STRING, OPTIONAL, ""),
    ],
    "LocalizedMessage": [
        ("locale", 1, FIELD.TYPE_STRING, OPTIONAL, ""),
        ("message", 2, FIELD.TYPE_STRING, OPTIONAL, ""),
    ],
    # A map is a repeated message of key and value.
    "ErrorInfo": [
        ("reason", 1, FIELD.TYPE_STRING, OPTIONAL, ""),
        ("domain", 2, FIELD.TYPE_STRING, OPTIONAL, ""),
        ("metadata", 3, FIELD.TYPE_MESSAGE, REPEATED, ".google.rpc.Pair"),
    ],
}
"""Fields of the messages of google.rpc: name, number, type, label, type name."""


def google_rpc(name: str) -> Any:
    """Make a message of google.rpc from its description."""
    file = descriptor_pb2.FileDescriptorProto(
        name="google_rpc_in_tests.proto",
        package="google.rpc",
        syntax="proto3",
        dependency=[any_pb2.DESCRIPTOR.name, duration_pb2.DESCRIPTOR.name],
    )
    for message, fields in DESCRIBED.items():
        added = file.message_type.add(name=message)
        for field_name, number, kind, label, type_name in fields:
            added.field.add(
                name=field_name, number=number, type=kind, label=label, type_name=type_name or None
            )
    pool = descriptor_pool.DescriptorPool()
    for dependency in (any_pb2, duration_pb2):
        pool.AddSerializedFile(dependency.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"google.rpc.{name}"))


def test_a_conflict_is_an_error_info_with_both_versions() -> None:
    error = conflict(4, 7)
    ((key, written),) = conflict_trailers(10, str(error), error)

    status = google_rpc("Status").FromString(written)
    info = google_rpc("ErrorInfo").FromString(status.details[0].value)

    assert key == "grpc-status-details-bin"
    assert (status.code, status.message) == (10, "version: the lists are at 7, not 4")
    assert status.details[0].type_url == ERROR_INFO
    assert (info.reason, info.domain) == ("VERSION_CONFLICT", "fanzha")
    metadata = {one.key: one.value for one in info.metadata}
    assert metadata == {"expected_version": "4", "actual_version": "7"}


@given(st.none() | VERSIONS, VERSIONS, st.text(max_size=300))
def test_the_client_reads_what_the_server_wrote(
    expected: int | None, actual: int, message: str
) -> None:
    trailers = conflict_trailers(10, message, conflict(expected, actual))

    found = version_conflict(FailedCall(("other", "x"), *trailers))

    assert found is not None
    assert (found.expected, found.actual) == (expected, actual)


def test_a_conflict_that_compared_no_versions_has_no_details() -> None:
    assert conflict_trailers(10, "x", VersionConflict("change 3 is applied already")) == ()


@given(st.binary(max_size=80))
def test_details_of_others_are_no_conflict(written: bytes) -> None:
    assert version_conflict(FailedCall(("grpc-status-details-bin", written))) is None


def test_a_retry_hint_and_a_local_failure_are_no_conflict() -> None:
    assert version_conflict(FailedCall(*retry_trailers(8, "overloaded", 1.0))) is None
    assert version_conflict(grpc.RpcError()) is None
