"""Which keys seals of changes to the lists are checked with, as an operator set it."""

from infra.data_paths import AUDIT
from services.audit import keys
from services.audit.seals import SealCheck
from services.settings.settings import Settings


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
