"""A seal is valid for one change of the lists, as it was audited, and for nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.store.changes import ListChange
from blocklists.store.seals import signed_payload
from infra.data_paths import AUDIT
from services.audit import keys
from services.audit.keys import SigningKey
from services.audit.seals import SealCheck, seal_check, signer
from services.settings.settings import Settings
from tests.support.builders import a_change, an_entry

CHANGE = replace(a_change(7, an_entry("+8617000000001")), commit="c7", previous="c6")
DIGESTS = {"additions": "a" * 64, "removals": "b" * 64}


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return keys.open_key(tmp_path / AUDIT / keys.KEY_FILE)


@pytest.fixture
def check(key: SigningKey, tmp_path: Path) -> SealCheck:
    return seal_check(Settings(data_dir=tmp_path))


def test_a_seal_is_valid_for_the_change_that_was_signed(key: SigningKey, check: SealCheck) -> None:
    payload = signed_payload(CHANGE, DIGESTS)

    assert check(payload, signer(key)(payload)) is True


@pytest.mark.parametrize(
    "other",
    [
        {"version": 8},
        {"commit": "c8"},
        {"committed_at_ms": CHANGE.committed_at_ms + 1},
        {"author": "mallory"},
        {"reason": "none"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_it_is_not_valid_for_another_change(
    key: SigningKey, check: SealCheck, other: dict[str, object]
) -> None:
    seal = signer(key)(signed_payload(CHANGE, DIGESTS))
    forged: ListChange = replace(CHANGE, **other)  # type: ignore[arg-type]

    assert check(signed_payload(forged, DIGESTS), seal) is False


@pytest.mark.parametrize("rows", ["additions", "removals"])
def test_it_is_not_valid_for_other_rows(key: SigningKey, check: SealCheck, rows: str) -> None:
    seal = signer(key)(signed_payload(CHANGE, DIGESTS))

    assert check(signed_payload(CHANGE, DIGESTS | {rows: "c" * 64}), seal) is False


def test_a_signature_for_another_purpose_is_no_seal(key: SigningKey, check: SealCheck) -> None:
    payload = signed_payload(CHANGE, DIGESTS)
    checkpoint = payload.replace(b"a change of the lists", b"another purpose")
    assert checkpoint != payload

    assert check(payload, signer(key)(checkpoint)) is False


@pytest.mark.parametrize("seal", ["", ":", "x", "unknown:AAAA", "é:ü"])
def test_an_unreadable_seal_is_not_valid(key: SigningKey, check: SealCheck, seal: str) -> None:
    payload = signed_payload(CHANGE, DIGESTS)
    found = [seal, f"{key.key_id}:{seal}", signer(key)(payload).partition(":")[2]]

    assert [check(payload, one) for one in found] == [False] * len(found)


def test_the_seal_of_an_unknown_key_is_not_valid(check: SealCheck, tmp_path: Path) -> None:
    payload = signed_payload(CHANGE, DIGESTS)
    stranger = keys.open_key(tmp_path / "other" / keys.KEY_FILE)

    assert check(payload, signer(stranger)(payload)) is False


@pytest.mark.parametrize(("rule", "valid"), [("apply", None), ("refuse", False)])
def test_without_keys_only_the_setting_refuses(
    tmp_path: Path, rule: str, valid: "bool | None"
) -> None:
    settings = Settings(data_dir=tmp_path, unaudited_changes=rule)  # type: ignore[arg-type]

    assert seal_check(settings)(signed_payload(CHANGE, DIGESTS), "x:y") is valid
