"""The copy of the carrier policy on the disk of a host.

Redis is authoritative. A worker that starts while Redis is away decides by the copy.
"""

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from infra import atomic_file
from infra.data_paths import CARRIER_POLICY
from services.carrier_policy.version import PolicyVersion, from_fields

logger = logging.getLogger(__name__)


def save(folder: Path, policy: PolicyVersion) -> None:
    """Write the copy of this host atomically; raises `OSError`."""
    beside = folder / f"{CARRIER_POLICY}.{os.getpid()}"
    atomic_file.write(folder / CARRIER_POLICY, json.dumps(asdict(policy)), beside=beside)


def load(folder: Path) -> PolicyVersion | None:
    """Read the copy of this host; None where there is none, or it cannot be read."""
    path = folder / CARRIER_POLICY
    try:
        return from_fields(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        logger.warning("%s: cannot be read, and is ignored (%s)", path, type(error).__name__)
        return None
