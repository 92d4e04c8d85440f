"""Which warning policy is in force: that of a file, else the newest version, else the package's.

Versions are kept as those of the carrier policy are (`services.carrier_policy.policy_log`), in a
log of their own. Whoever may write `warning_policy_file` on a host pins that host to it, and
changes through list administration are refused there.
"""

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from fanzha.errors import InvalidConfiguration, InvalidInput
from fanzha.translation.message import Message
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.carrier_policy.policy_log import PolicyLog, PolicyLogNames
from services.carrier_policy.version import PolicyVersion
from services.warning.policy import plans, tiers
from services.warning.policy.tiers import TierPolicy

logger = logging.getLogger(__name__)

WARNING_POLICY = PolicyLogNames(
    log="{fanzha:warning:policy}:log",
    workers="{fanzha:warning:policy}:workers",
    seal="fanzha: a warning policy, audited",
    noun=Message("the warning policy is"),
)
MOST_CHARACTERS = 2**16
_DOCUMENT = TextLimit(max_characters=MOST_CHARACTERS, characters=CharacterSet.ANY, strip=False)


class WarningPolicySource(StrEnum):
    """Where a policy comes from."""

    SHIPPED = "shipped"
    """No version was ever committed, or its document is empty: that of the package."""
    STORE = "store"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPolicyState:
    """A policy, its text, and how it came into force."""

    tiers: TierPolicy
    document: str
    """Its text, also where it is shipped or a file."""
    source: WarningPolicySource
    version: PolicyVersion
    """Version 0 for a file, and before the first commit."""
    file: str = ""
    file_changed_at_ms: int = 0

    @property
    def sha256(self) -> str:
        """Of the document, in hexadecimal."""
        return hashlib.sha256(self.document.encode()).hexdigest()


class WarningPolicyInForce:
    """Reads the policy in force, and earlier ones. Raises `Unavailable` while Redis is away."""

    def __init__(self, log: PolicyLog, *, file: Path | None) -> None:
        self.log = log
        self._file = file

    @property
    def pinned(self) -> bool:
        """Whether a file is set, so that versions do not count here."""
        return self._file is not None

    async def current(self) -> WarningPolicyState:
        """Return the policy in force; `InvalidInput` where its text can no longer be read."""
        if self._file is not None:
            return await asyncio.to_thread(_of_file, self._file)
        return await asyncio.to_thread(state_of, await self.log.head())

    async def get(self, version: int) -> WarningPolicyState:
        """Return a version; raises `NotFound`."""
        return await asyncio.to_thread(state_of, await self.log.get(version))


def state_of(version: PolicyVersion) -> WarningPolicyState:
    """Read a version. Raises `InvalidInput`."""
    text = version.document or shipped()
    return WarningPolicyState(
        tiers=checked(text, "policy"),
        document=text,
        source=WarningPolicySource.STORE if version.document else WarningPolicySource.SHIPPED,
        version=version,
    )


def shipped() -> str:
    """Return the text of the policy of the package."""
    return (files("services.warning") / "data" / plans.SHIPPED).read_text(encoding="utf-8")


def checked(document: str, name: str) -> TierPolicy:
    """Read a document. Raises `InvalidInput` that says what is wrong with it."""
    text_limits.optional(name, document, _DOCUMENT)
    try:
        return tiers.parse(document, name)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(str(error) or f"{name}: nested too deep") from error


def _of_file(file: Path) -> WarningPolicyState:
    try:
        changed = file.stat().st_mtime
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration("{path}: {error}", path=file.name, error=error) from error
    return WarningPolicyState(
        tiers=checked(text, file.name),
        document=text,
        source=WarningPolicySource.FILE,
        version=PolicyVersion(),
        file=file.name,
        file_changed_at_ms=int(changed * 1000),
    )
