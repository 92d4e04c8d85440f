"""Certificates that signatures of calls are checked with: a trust list on disk, nothing else.

A PASSporT names the address of its certificate (x5u). To fetch it would let every caller make us
send requests to anywhere, and wait for them. So an operator, or a job of theirs, keeps the
certificates of those whose signatures count in a folder, with a TOML file beside them:

    anchors = ["sti-ca.pem"]                 # certification authorities that are trusted

    [certificates]                           # x5u = its file, with intermediates after the first
    "https://certificates.carrier.example/shaken.pem" = "carrier.pem"

Touch the TOML file after certificates changed; it is read again without a restart.
"""

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification

from infra.reloaded_file import ReloadedFile
from integrations.sip.identity import tn_auth_list
from integrations.sip.identity.tn_auth_list import TnAuthList, read_tn_auth_list

_CHECKED_AGAIN_SECONDS = 60.0


class UntrustedCertificate(Exception):
    """A certificate that does not lead to an anchor, has ended, or is none for calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificate:
    """What a signature is checked with."""

    key: ec.EllipticCurvePublicKey
    numbers: TnAuthList


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trusted:
    store: verification.Store
    chains: dict[str, list[x509.Certificate]]


class TrustList:
    """The trust list; `ValueError` where its files cannot be read at the start."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = ReloadedFile(file, lambda data: _read(data, file.parent))
        self._clock = clock
        self._checked: dict[str, tuple[float, SigningCertificate | UntrustedCertificate]] = {}
        self._checked_of = self._file.current()

    def certificate(self, x5u: str) -> SigningCertificate | None:
        """Return the certificate at an address; None where the list does not name it.

        `UntrustedCertificate` where it does, and no call may be signed with it. Chains are checked
        once a minute.
        """
        trusted = self._file.current()
        if trusted is not self._checked_of:
            self._checked_of, self._checked = trusted, {}
        chain = trusted.chains.get(x5u)
        if chain is None:
            return None
        now = self._clock()
        until, found = self._checked.get(x5u, (0.0, UntrustedCertificate()))
        if now >= until:
            found = _checked(chain, trusted.store, now)
            self._checked[x5u] = (now + _CHECKED_AGAIN_SECONDS, found)
        if isinstance(found, UntrustedCertificate):
            raise found
        return found


def _read(data: bytes, folder: Path) -> _Trusted:
    table: dict[str, Any] = tomllib.loads(data.decode())
    unknown = set(table) - {"anchors", "certificates"}
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    anchors = [one for name in table.get("anchors", []) for one in _certificates(folder / name)]
    if not anchors:
        raise ValueError("anchors: at least one certificate is needed")
    certificates: dict[str, str] = table.get("certificates", {})
    return _Trusted(
        store=verification.Store(anchors),
        chains={x5u: _certificates(folder / name) for x5u, name in certificates.items()},
    )


def _certificates(file: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(file.read_bytes())


def _checked(
    chain: list[x509.Certificate], store: verification.Store, now: float
) -> SigningCertificate | UntrustedCertificate:
    leaf, *intermediates = chain
    # The profile of the web demands host names, which certificates for calls do not have.
    policy = (
        verification.PolicyBuilder()
        .store(store)
        .time(datetime.fromtimestamp(now, UTC))
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
    )
    try:
        policy.build_client_verifier().verify(leaf, intermediates)
        extension = leaf.extensions.get_extension_for_oid(tn_auth_list.OID).value
        numbers = read_tn_auth_list(getattr(extension, "value", b""))
        key = leaf.public_key()
    except (verification.VerificationError, x509.ExtensionNotFound, ValueError) as error:
        return UntrustedCertificate(str(error))
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return UntrustedCertificate("its key is not of the curve P-256")
    return SigningCertificate(key=key, numbers=numbers)
