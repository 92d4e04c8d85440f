"""The audit log of list administration and its verification, put together from settings."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from fanzha.translation.message import Message
from infra.clock import now_ms
from infra.data_paths import AUDIT
from services.audit import keys
from services.audit.anchors import AnchorFolder
from services.audit.checkpoint_copies import CheckpointCopies
from services.audit.live_verification import LiveVerification
from services.audit.log import AuditLog, open_log
from services.settings.settings import Settings


def public_file(settings: Settings) -> Path:
    """Return the file with the public keys of this host's log."""
    private = settings.audit_key_file
    if private is None:
        private = (settings.audit_dir or settings.data_dir / AUDIT) / keys.KEY_FILE
    return keys.public_path(private)


def build_log(settings: Settings, copies: CheckpointCopies) -> AuditLog:
    """Return the log, not open yet."""
    return open_log(
        settings.audit_dir or settings.data_dir / AUDIT,
        key_file=settings.audit_key_file,
        within=settings.audit_checkpoint_records,
        quiet_seconds=settings.audit_checkpoint_seconds,
        now_ms=now_ms,
        copies=copies,
        anchor_dir=settings.audit_anchor_dir,
    )


def build_verification(
    settings: Settings,
    copies: CheckpointCopies,
    log: AuditLog,
    lost: Callable[[], Awaitable[Sequence[Message]]] | None = None,
) -> LiveVerification:
    """Return what verifies *log* against checkpoints kept elsewhere, and adds what is *lost*."""
    folder = settings.audit_anchor_dir
    anchors = None if folder is None else AnchorFolder(folder, log.key.public_file)
    return LiveVerification(log, copies, anchors, lost)
