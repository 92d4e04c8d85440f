"""Signatures of model bundles: which bytes a person or a training of this operator stands for.

``signature.json`` in a bundle lists the SHA-256 of each other file, and an Ed25519 signature of
that list by the mechanism of the audit log's keys (`services.audit.keys`). A bundle is whole when
it holds exactly these files with these contents. A signature that is there must be valid wherever
public keys are known; with `SignatureCheck.required`, it must be there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fanzha.errors import InvalidConfiguration
from infra import atomic_file
from services.audit import keys
from services.audit.keys import PublicKeys, SigningKey

SIGNATURE = "signature.json"
_PURPOSE = b"fanzha model bundle v1\n"
"""Begins what is signed, so that no signature of something else can stand for a bundle."""
_LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What signatures of bundles are checked against."""

    public_file: Path | None = None
    """PEM file of the public keys that may sign; None: no signature is looked at."""
    required: bool = False
    """Whether a bundle without a signature is refused."""

    def check(self, bundle: Path) -> str:
        """Return the id of the key that signed *bundle*; empty where that is not known.

        Raises `InvalidConfiguration` for a bundle that is not to be used. Keys are read each time,
        so a new one counts without a restart.
        """
        if self.public_file is None:
            if self.required:
                raise InvalidConfiguration(
                    "{bundle}: signatures are required, and model_keys_file is not set",
                    bundle=bundle,
                )
            return ""
        if not (bundle / SIGNATURE).exists():
            if self.required:
                raise InvalidConfiguration(
                    "{bundle}: is not signed, and require_signed_models is on: fanzha models sign",
                    bundle=bundle,
                )
            return ""
        try:
            known = keys.read_public(self.public_file.read_text(), str(self.public_file))
        except OSError as error:
            raise InvalidConfiguration(
                "{file}: the keys of models cannot be read: {error}",
                file=self.public_file,
                error=error,
            ) from error
        return verify(bundle, known)


def sign(bundle: Path, key: SigningKey) -> Path:
    """Sign all files of *bundle*; return the file of the signature, which is replaced."""
    digests = _digests(bundle)
    path = bundle / SIGNATURE
    table = {
        "files": digests,
        "key_id": key.key_id,
        "signature": key.sign(_message(bundle, digests)),
    }
    atomic_file.write(path, json.dumps(table, indent=1) + "\n")
    return path


def verify(bundle: Path, known: PublicKeys) -> str:
    """Return the id of the key that signed *bundle*; raise `InvalidConfiguration` for any fault."""
    path = bundle / SIGNATURE
    files, key_id, signature = _read(path)
    found = _digests(bundle)
    for name in sorted(files.keys() | found.keys()):
        if files.get(name) != found.get(name):
            raise InvalidConfiguration(
                "{bundle}: {name} is not the file that was signed", bundle=bundle, name=name
            )
    if key_id not in known.by_id:
        raise InvalidConfiguration(
            "{bundle}: signed by the key {key_id}, which is not among those of model_keys_file",
            bundle=bundle,
            key_id=key_id[:64],
        )
    if not known.signed(key_id, _message(bundle, files), signature):
        raise InvalidConfiguration("{bundle}: the signature is not valid", bundle=bundle)
    return key_id


def _read(path: Path) -> tuple[Mapping[str, str], str, str]:
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_LARGEST))
        files, key_id, signature = table["files"], table["key_id"], table["signature"]
        words = [key_id, signature, *files.keys(), *files.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidConfiguration(
            "{path}: is no signature of a bundle: {error}", path=path, error=repr(error)
        ) from error
    if not all(isinstance(word, str) for word in words):
        raise InvalidConfiguration(
            "{path}: is no signature of a bundle: {error}", path=path, error="not texts"
        )
    return files, key_id, signature


def _digests(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of *bundle* but the signature, by its path within."""
    return {
        path.relative_to(bundle).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and path != bundle / SIGNATURE
    }


def _message(bundle: Path, digests: Mapping[str, str]) -> bytes:
    """Return what is signed; channel and version are in it by the card, and by the folder here."""
    name = f"{bundle.parent.name}/{bundle.name}\n"
    lines = "".join(f"{digests[file]}  {file}\n" for file in sorted(digests))
    return _PURPOSE + name.encode() + lines.encode()
