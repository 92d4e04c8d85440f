"""The signed contact that a 608 points to (RFC 8688, section 3.2): where to ask why, as a jCard.

The service answers blocked calls with 608 and ``Call-Info: <jcard_url>;purpose=jwscard`` where its
``sip_block_answer`` says so. This writes what lies at that address: a JSON Web Token with claims
``iat`` and ``jcard`` (RFC 7095), signed with ES256, whose header names the certificate (x5u). Any
web server hands the file out. It is signed anew every half minute, since ``iat`` shall be the time
of the response; receivers may refuse an old one as a replay.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from infra import atomic_file
from infra.periodic import run_periodically
from integrations.sip.settings import SipSettings

_LOGGER = logging.getLogger(__name__)
EVERY_SECONDS = 30.0
_READABLE = 0o644


class IncompleteJcard(ValueError):
    """Settings that make no card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JcardSigner:
    """Signs one contact."""

    key: ec.EllipticCurvePrivateKey
    x5u: str
    card: list[Any]

    @classmethod
    def of(cls, settings: SipSettings) -> "JcardSigner | None":
        """Return the signer that settings describe; None without a file to write.

        `IncompleteJcard` where something is missing or the key is not of P-256.
        """
        if settings.jcard_file is None:
            return None
        if not (settings.jcard_key and settings.jcard_x5u):
            raise IncompleteJcard("jcard_file needs jcard_key and jcard_x5u")
        key = load_pem_private_key(settings.jcard_key.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise IncompleteJcard("jcard_key must be of the curve P-256")
        return cls(key=key, x5u=settings.jcard_x5u, card=_card(settings))

    def signed(self, now: float) -> str:
        """Return the token."""
        headers = {"typ": "vcard+json", "x5u": self.x5u}
        claims = {"iat": int(now), "jcard": self.card}
        return jwt.encode(claims, self.key, algorithm="ES256", headers=headers)


async def keep_signed(
    signer: JcardSigner, file: Path, clock: Callable[[], float] = time.time
) -> None:
    """Write the token again and again, until cancelled; a disk that fails is logged, and tried."""

    def write() -> None:
        atomic_file.write(file, signer.signed(clock()))
        file.chmod(_READABLE)

    await run_periodically(
        lambda: asyncio.to_thread(write),
        every_seconds=EVERY_SECONDS,
        task="sign the jCard",
        logger=_LOGGER,
        outages=(OSError,),
    )


def _card(settings: SipSettings) -> list[Any]:
    contacts = {
        "url": settings.jcard_contact_url,
        "email": settings.jcard_contact_email,
        "tel": settings.jcard_contact_tel and f"tel:{settings.jcard_contact_tel}",
    }
    if not any(contacts.values()):
        raise IncompleteJcard("jcard_file needs a contact: its url, email or tel")
    kinds = {"url": "uri", "email": "text", "tel": "uri"}
    fields = [["version", {}, "text", "4.0"], ["fn", {}, "text", settings.jcard_name]]
    fields += [[name, {}, kinds[name], value] for name, value in contacts.items() if value]
    return ["vcard", fields]
