"""Take over new list files as their publisher renames them into place."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from blocklists.snapshot.replica import Replica
from infra import atomic_file
from infra.folder_watch import FolderWatch


async def follow_lists(
    folder: Path, replica: Replica, taken: Callable[[], Awaitable[None]]
) -> None:
    """Refresh *replica* whenever *folder* has new lists, then await *taken*; until cancelled."""
    atomic_file.make_folder(folder)
    with FolderWatch(folder) as watch:
        while True:
            # The watch started before this check, so a later file ends the wait.
            if replica.changed and await asyncio.to_thread(replica.refresh):
                await taken()
            await watch.wait()
