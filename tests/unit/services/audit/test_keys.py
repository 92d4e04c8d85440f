import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.audit import keys


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    made, again = keys.open_key(tmp_path / "key"), keys.open_key(tmp_path / "key")

    assert made.key_id == again.key_id
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_what_was_signed_is_checked_with_the_public_key(tmp_path: Path) -> None:
    key = keys.open_key(tmp_path / "key")
    public = keys.read_public((tmp_path / "key.pub").read_text(), "key.pub")

    signature = key.sign(b"told")

    assert public.signed(key.key_id, b"told", signature)
    assert not public.signed(key.key_id, b"told otherwise", signature)
    assert not public.signed("0" * 16, b"told", signature)
    assert not public.signed(key.key_id, b"told", signature + "\n")
    assert not public.signed(key.key_id, b"told", "no base64")


def test_the_public_keys_of_exchanged_keys_are_kept(tmp_path: Path) -> None:
    old = keys.open_key(tmp_path / "key")
    (tmp_path / "key").unlink()
    new = keys.open_key(tmp_path / "key")

    public = keys.read_public((tmp_path / "key.pub").read_text(), "key.pub")

    assert set(public.by_id) == {old.key_id, new.key_id}


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keys.open_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(ValueError, match="chmod 600"):
        keys.open_key(tmp_path / "key")


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(
        generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )

    with pytest.raises(ValueError, match="Ed25519"):
        keys.open_key(path)


def test_a_key_of_a_kind_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    made = keys.open_key(tmp_path / "key")
    key = keys.read_public(made.public_pem, "key.pub").by_id[made.key_id]
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    # The number of Ed25519 becomes one that stands for nothing.
    unknown = base64.encodebytes(der.replace(b"\x2b\x65\x70", b"\x2b\x65\x30")).decode()

    with pytest.raises(ValueError, match="not a public key"):
        keys.read_public(
            f"-----BEGIN PUBLIC KEY-----\n{unknown}-----END PUBLIC KEY-----\n", "key.pub"
        )


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no public key"):
        keys.read_public("nothing", "key.pub")
