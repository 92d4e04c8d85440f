"""Records of change requests as they are stored."""

import json
from dataclasses import replace

from services.changes import model
from services.changes.model import ChangeKind, ChangeRequest, ChangeState

REQUEST = ChangeRequest(
    id=1, kind=ChangeKind.NORMAL, state=ChangeState.DRAFT, nonce="n", author="li", reason="why",
    base_version=1, created_ms=7,
)  # fmt: skip


def stored(record: ChangeRequest) -> str:
    return model.to_json(record)


def read(text: str) -> ChangeRequest:
    return model.from_json(text, state=ChangeState.DRAFT, revision=0)


def test_a_request_about_the_whole_province_is_stored_as_before_regions() -> None:
    assert "regions" not in json.loads(stored(REQUEST))
    assert read(stored(REQUEST)) == REQUEST


def test_the_regions_of_a_request_are_stored() -> None:
    regional = replace(REQUEST, regions=("", "3301"))

    assert read(stored(regional)) == regional


def test_a_field_of_a_newer_release_is_left_alone() -> None:
    newer = json.loads(stored(REQUEST)) | {"districts": ["330106"]}

    assert read(json.dumps(newer)) == REQUEST
