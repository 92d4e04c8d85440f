"""Which status an error becomes, and how often a failure nobody foresaw is logged."""

import grpc
import pytest

from fanzha import errors
from services.rpc.errors import STATUS_BY_ERROR, status_of


class NoSuchEntry(errors.NotFound):
    """More exactly what was not found."""


class NoSuchRow(NoSuchEntry):
    """More exactly still."""


@pytest.mark.parametrize("kind", [NoSuchEntry, NoSuchRow])
def test_a_subclass_has_the_status_of_its_base(kind: type[Exception]) -> None:
    assert status_of(kind("e1")) is grpc.StatusCode.NOT_FOUND


def test_every_error_of_ours_has_a_status() -> None:
    ours = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = [kind for kind in ours if kind is not errors.FanzhaError]

    assert raised
    assert {kind for kind in raised if kind not in STATUS_BY_ERROR} == set()


@pytest.mark.parametrize("kind", [errors.FanzhaError, KeyError, RuntimeError])
def test_what_nobody_raises_on_purpose_is_unknown(kind: type[Exception]) -> None:
    assert status_of(kind("x")) is grpc.StatusCode.UNKNOWN
