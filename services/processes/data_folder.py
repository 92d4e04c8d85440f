"""Makes the files of a service private to its user, from its start on.

Full numbers lie in the decision log and the lists. New files are private because of how they are
written (`infra.atomic_file`) and because of the umask of our processes, which holds for what
libraries and the embedded Valkey write, too. Files that earlier releases left readable are fixed at
start.
"""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from fanzha.errors import InvalidConfiguration
from infra import atomic_file, data_paths
from services.decision_log import options
from services.settings.settings import Settings

logger = logging.getLogger(__name__)

UMASK = 0o077
_OTHERS = 0o077
# A key that others could read has to be replaced: whoever reads it refuses it.
_LEFT_ALONE = frozenset({"key", data_paths.HANDSET_KEY})


def prepare(settings: Settings) -> None:
    """Make the data folder of this process private; raise ValueError where that cannot be.

    Only our own files are touched: the configured folder may hold others.
    """
    os.umask(UMASK)
    if data_paths.NAME_VARIABLE in os.environ:
        return  # the parent process has done it
    atomic_file.make_folder(settings.data_dir)
    apart = (options.folder(settings), settings.audit_dir or settings.data_dir / data_paths.AUDIT)
    ours = [settings.data_dir / name for name in data_paths.OURS]
    opened = sum(
        _close_one(path)
        for root in dict.fromkeys((*apart, *ours))
        for path in _below(root)
        if path.name not in _LEFT_ALONE
    )
    for root in (settings.data_dir, *(one for one in apart if one.is_dir())):
        opened += _close_folder(root)
    if opened:
        logger.warning(
            "data folder %s: %d files and folders were open to other users, and no longer are",
            settings.data_dir,
            opened,
        )


def _close_folder(folder: Path) -> bool:
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise InvalidConfiguration(
            "{folder}: belongs to user {owner}, not to the user of this process "
            "({process}), who could not keep it private; name a folder in it that "
            "the service makes itself (FANZHA_DATA_DIR), or change its owner",
            folder=folder,
            owner=owner,
            process=os.geteuid(),
        )
    return _close_one(folder)


def _close_one(path: Path) -> bool:
    """Revoke the permissions of other users; return whether there were any. Skip foreign files."""
    try:
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode) or not mode & _OTHERS:
            return False
        if status.st_uid != os.geteuid():
            logger.warning("%s: open to others, and belongs to user %d", path, status.st_uid)
            return False
        path.chmod(mode & ~_OTHERS)
    except FileNotFoundError:
        return False  # another process of ours has just removed it
    return True


def _below(root: Path) -> Iterator[Path]:
    if root.is_symlink() or not root.exists():
        return
    yield root
    if root.is_dir():
        yield from _walked(os.walk(root))


def _walked(found: Iterable[tuple[str, list[str], list[str]]]) -> Iterator[Path]:
    for folder, folders, files in found:
        for name in (*folders, *files):
            yield Path(folder, name)
