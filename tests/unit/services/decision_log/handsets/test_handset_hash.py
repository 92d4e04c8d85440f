"""Keyed hashes of handsets, and the file of their key."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidConfiguration
from services.decision_log import options
from services.decision_log.handsets.handset_hash import KEY_BYTES, HandsetHash, open_hash
from services.settings.settings import Settings

IMEI = "35209900176148"
HASH = HandsetHash(bytes(range(KEY_BYTES)))


@given(st.lists(st.text(max_size=64)))
def test_each_handset_has_one_hash_wherever_it_stands(texts: list[str]) -> None:
    assert HASH.of(texts).tolist() == [int(HASH.of([text])[0]) for text in texts]


def test_the_hash_is_what_openssl_gives() -> None:
    # printf 35209900176148 | openssl mac -macopt hexkey:000102…1f -macopt size:8 BLAKE2BMAC
    assert f"{int(HASH.of([IMEI])[0]):016x}" == "6a291e14d9002cc1"


def test_another_key_gives_other_hashes() -> None:
    other = HandsetHash(bytes(KEY_BYTES))

    assert HASH.of([IMEI])[0] != other.of([IMEI])[0]
    assert HASH.key_id != other.key_id


@pytest.mark.parametrize("form", [f"{IMEI}7", f"{IMEI}42", f" {IMEI} "])
def test_check_digit_and_software_version_change_no_hash(form: str) -> None:
    assert HASH.of([form])[0] == HASH.of([IMEI])[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0" * 15,
        "0" * 14 + "42",
        "-" * 64,
        "unknown",
        "35209900",
        IMEI[:13],
        "\x00" * 9,
        "３" * 14,
    ],
)
def test_what_many_handsets_have_in_common_is_unknown(text: str) -> None:
    assert HASH.of([text]).tolist() == [0]


@pytest.mark.parametrize("text", ["f3a9" * 16, "设备标识甲乙丙丁", "1" * 20 + "2", "\ud800handset"])
def test_other_names_of_handsets_are_hashed_as_they_are(text: str) -> None:
    assert HASH.of([text]).tolist() != [0]
    assert HASH.of([text])[0] != HASH.of([f"{text}x"])[0]


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", decision_log_handsets=True)

    options.prepare_handset_key(settings)
    first = options.of_worker(settings)
    options.prepare_handset_key(settings)
    again = options.of_worker(settings)

    key = tmp_path / "data" / "handset-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert first is not None
    assert again is not None
    assert first.handsets is not None
    assert again.handsets is not None
    assert first.handsets.key_id == again.handsets.key_id


def test_without_the_setting_there_is_no_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    options.prepare_handset_key(settings)
    log = options.of_worker(settings)

    assert log is not None
    assert log.handsets is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"00" * 16, b"xy" * 32, "００".encode() * 32, b"\xff" * 64]
)
def test_a_key_of_another_form_is_refused_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    settings = Settings(
        data_dir=tmp_path, decision_log_handsets=True, decision_log_handset_key_file=file
    )

    with pytest.raises(InvalidConfiguration, match="64 hexadecimal digits"):
        options.prepare_handset_key(settings)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("0a" * KEY_BYTES)
    file.chmod(0o640)

    with pytest.raises(InvalidConfiguration, match="chmod 600"):
        open_hash(file, create=False)


def test_a_worker_that_starts_when_the_key_is_gone_decides_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path, decision_log_handsets=True)

    log = options.of_worker(settings)

    assert log is not None
    assert log.handsets is None
    assert "nothing is logged of handsets" in caplog.text
    assert list(tmp_path.iterdir()) == []
