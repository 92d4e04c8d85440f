"""Writes versions of the carrier policy, and reports of workers, as messages."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import policy_pb2 as pb
from services.carrier_policy.policy_log import PolicyReport
from services.carrier_policy.version import PolicyVersion

_SOURCES = {
    "store": pb.POLICY_SOURCE_STORE,
    "copy": pb.POLICY_SOURCE_COPY,
    "file": pb.POLICY_SOURCE_FILE,
}

# Generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def version(found: PolicyVersion) -> pb.PolicyVersion:
    """Write a version with its document."""
    message = summary(found)
    message.document = found.document
    return message


def summary(found: PolicyVersion) -> pb.PolicyVersion:
    """Write a version without its document."""
    return pb.PolicyVersion(
        version=found.version,
        author=found.author,
        approved_by=found.approved_by,
        reason=found.reason,
        change_id=found.change_id,
        committed_at_ms=found.committed_at_ms,
    )


def worker(report: PolicyReport) -> pb.WorkerPolicy:
    """Write the report of a worker."""
    return pb.WorkerPolicy(
        worker=report.worker,
        version=report.version,
        source=_wire(_SOURCES.get(report.source, 0)),
        refused=report.refused,
        unaudited=report.unaudited,
    )
