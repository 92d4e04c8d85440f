import asyncio
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.sip.jcard import IncompleteJcard, JcardSigner, keep_signed
from integrations.sip.settings import SipSettings

X5U = "https://block.carrier.example/card.pem"


def key_file(folder: Path, curve: ec.EllipticCurve) -> Path:
    key = ec.generate_private_key(curve)
    file = folder / "key.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def settings(folder: Path, **others: object) -> SipSettings:
    chosen = {
        "jcard_file": folder / "card.jws",
        "jcard_key": key_file(folder, ec.SECP256R1()),
        "jcard_x5u": X5U,
        "jcard_name": "反诈中心",
        "jcard_contact_url": "https://appeal.example/calls",
        "jcard_contact_tel": "+861060000000",
    }
    return SipSettings(**(chosen | others))  # type: ignore[arg-type]


async def test_the_card_at_the_address_is_fresh_and_signed(tmp_path: Path) -> None:
    """RFC 8688, section 3.2; RFC 7095."""
    chosen = settings(tmp_path)
    signer = JcardSigner.of(chosen)
    assert signer is not None
    assert chosen.jcard_file is not None
    task = asyncio.create_task(keep_signed(signer, chosen.jcard_file))
    async with asyncio.timeout(60):
        while not chosen.jcard_file.exists():  # noqa: ASYNC110 - nothing tells of files
            await asyncio.sleep(0.01)
    task.cancel()
    token = chosen.jcard_file.read_text()

    claims = jwt.decode(token, signer.key.public_key(), algorithms=["ES256"])

    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "vcard+json", "x5u": X5U}
    assert claims["jcard"] == [
        "vcard",
        [
            ["version", {}, "text", "4.0"],
            ["fn", {}, "text", "反诈中心"],
            ["url", {}, "uri", "https://appeal.example/calls"],
            ["tel", {}, "uri", "tel:+861060000000"],
        ],
    ]
    assert abs(claims["iat"] - time.time()) < 3600


def test_without_a_file_nothing_is_signed() -> None:
    assert JcardSigner.of(SipSettings()) is None


def test_a_card_that_lacks_something_is_refused_at_the_start(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    wrong = [
        settings(tmp_path, jcard_x5u=""),
        settings(tmp_path, jcard_key=None),
        settings(tmp_path, jcard_contact_url="", jcard_contact_tel=""),
        settings(tmp_path, jcard_key=key_file(other, ec.SECP384R1())),
    ]

    for one in wrong:
        with pytest.raises(IncompleteJcard):
            JcardSigner.of(one)
