"""Seals of changes to the lists, by the key of the audit log. See `blocklists.store.seals`."""

import logging
from pathlib import Path

from blocklists.store.seals import Sign
from infra.data_paths import AUDIT
from services.audit import keys
from services.audit.keys import PublicKeys, SigningKey, read_public
from services.settings.settings import Settings

logger = logging.getLogger(__name__)


def signer(key: SigningKey) -> Sign:
    """Return a function that seals changes with *key*."""

    def sign(message: bytes) -> str:
        return f"{key.key_id}:{key.sign(message)}"

    return sign


class SealCheck:
    """Checks seals with the public keys in a file, reloaded when it changes."""

    def __init__(self, file: Path, *, required: bool) -> None:
        """While *file* is missing, all seals are invalid if *required*, else none is checked."""
        self._file = file
        self._required = required
        self._seen: tuple[int, int] | None = None
        self._keys: PublicKeys | None = None

    def __call__(self, message: bytes, seal: str) -> bool | None:
        """Return whether *seal* is valid for *message*; None without keys to check it."""
        self._reload()
        if self._keys is None:
            return False if self._required else None
        key_id, _, signature = seal.partition(":")
        return self._keys.signed(key_id, message, signature)

    def _reload(self) -> None:
        try:
            status = self._file.stat()
            now = status.st_ino, status.st_mtime_ns
            if now != self._seen:
                self._keys = read_public(self._file.read_text(), str(self._file))
                self._seen = now
        except FileNotFoundError:
            return  # `fanzha admin` creates it at its first start
        except (OSError, ValueError) as error:
            logger.warning(
                "public keys not reloaded, still checking seals with the former ones: %s", error
            )


def seal_check(settings: Settings) -> SealCheck:
    """Return what checks seals; raise ValueError where it must and cannot."""
    required = settings.unaudited_changes == "refuse"
    if settings.audit_public_keys_file is not None:
        file = settings.audit_public_keys_file
        keys.read_public(file.read_text(), str(file))
        return SealCheck(file, required=required)
    private = settings.audit_key_file
    if private is None:
        private = (settings.audit_dir or settings.data_dir / AUDIT) / keys.KEY_FILE
    return SealCheck(keys.public_path(private), required=required)
