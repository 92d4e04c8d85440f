"""Seals of changes to the lists, by the key of the audit log. See `blocklists.store.seals`."""

import logging
from pathlib import Path

from blocklists.store.seals import Sign
from services.audit.keys import PublicKeys, SigningKey, read_public

logger = logging.getLogger(__name__)


def sealing(key: SigningKey) -> Sign:
    """Return what signs for list administration."""

    def sign(told: bytes) -> str:
        return f"{key.key_id}:{key.sign(told)}"

    return sign


class SealCheck:
    """Checks seals with the public keys in a file, which is read again when it changes."""

    def __init__(self, file: Path, *, required: bool) -> None:
        """Read *file*. While it is not there, no seal holds if *required*; or none is checked."""
        self._file = file
        self._required = required
        self._seen: tuple[int, int] | None = None
        self._keys: PublicKeys | None = None

    def __call__(self, told: bytes, seal: str) -> bool | None:
        """Tell whether *seal* is of *told*; None when that cannot be known."""
        self._look()
        if self._keys is None:
            return False if self._required else None
        key_id, _, signature = seal.partition(":")
        return self._keys.signed(key_id, told, signature)

    def _look(self) -> None:
        try:
            status = self._file.stat()
            now = status.st_ino, status.st_mtime_ns
            if now != self._seen:
                self._keys = read_public(self._file.read_text(), str(self._file))
                self._seen = now
        except FileNotFoundError:
            return  # administration makes it at its first start
        except (OSError, ValueError) as error:
            logger.warning("seals of changes are checked with the keys known before: %s", error)
