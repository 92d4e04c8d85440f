"""Cases for tests of the console: warnings sent to a running service, regions assigned."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc

from fanzha.v1 import case_pb2, case_pb2_grpc, decision_pb2, warning_pb2, warning_pb2_grpc
from infra.clock import now_ms
from tests.support.browser import ConsoleService

COUNTY = "340503"
DEADLINE = 60


def person(number: int) -> str:
    """Return an invented number of a person at risk."""
    return f"+86170000{number:05}"


def open_cases(
    service: ConsoleService,
    numbers: Sequence[int],
    *,
    region: str = COUNTY,
    risk: Any = warning_pb2.RISK_LEVEL_HIGH,
    sender: str = "某某银行",
) -> list[str]:
    """Warn about persons and give their cases to a region; return the ids of the cases."""
    warnings = [_warning(number, risk, sender) for number in numbers]
    with _channel(service) as channel:
        taken = warning_pb2_grpc.WarningServiceStub(channel).SubmitWarnings(
            iter(warnings), metadata=_as(service, "source", "carrier.example"), timeout=DEADLINE
        )
        case_ids = [answer.case_id for answer in taken]
        assert all(case_ids), "a warning was refused"
        if region:
            answer = case_pb2_grpc.CaseServiceStub(channel).AssignCases(
                case_pb2.AssignCasesRequest(case_ids=case_ids, region=region),
                metadata=_as(service, "dispatcher", "province"),
                timeout=DEADLINE,
            )
            assert not [one.refused for one in answer.assignments if one.refused]
    return case_ids


def case_of(service: ConsoleService, case_id: str) -> case_pb2.Case:
    """Return a case as the service has it."""
    with _channel(service) as channel:
        answer = case_pb2_grpc.CaseServiceStub(channel).GetCase(
            case_pb2.GetCaseRequest(case_id=case_id, masked=True),
            metadata=_as(service, "dispatcher", "province"),
            timeout=DEADLINE,
        )
    return answer.found


def _warning(number: int, risk: Any, sender: str) -> warning_pb2.SubmitWarningsRequest:
    return warning_pb2.SubmitWarningsRequest(
        warning=warning_pb2.Warning(
            source=decision_pb2.SOURCE_CARRIER,
            reference=f"w-{number}",
            victim=person(number),
            means_kind=warning_pb2.MEANS_KIND_SENDER,
            means=sender,
            fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
            risk=risk,
            occurred_at_ms=now_ms() - 60_000,
        )
    )


@contextmanager
def _channel(service: ConsoleService) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.running.warning) as channel:
        yield channel


def _as(service: ConsoleService, role: str, name: str) -> tuple[tuple[str, str], ...]:
    if service.issuer is None:
        return ()
    return (("authorization", f"Bearer {service.issuer.token(role, sub=name)}"),)
