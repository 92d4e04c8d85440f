"""A backup is restored whole or not at all."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput
from services.processes import data_backup
from services.settings.settings import Settings

WRITTEN = {
    "valkey/appendonlydir/appendonly.aof.manifest": b"file appendonly.aof.1.base.rdb",
    "valkey/appendonlydir/appendonly.aof.1.incr.aof": b"*3\r\n$3\r\nSET" * 1000,
    "audit/audit-2026-11.jsonl": b'{"actor":"li"}\n',
    "audit/key": b"private",
    "appeals/7.pdf": b"%PDF",
    "models.json": b"{}",
    "handset-key": b"00" * 32,
    "decisions/call/day=2026-11-30/one.parquet": b"PAR1",
}
LEFT_OUT = ("valkey/url", "valkey/valkey.conf", "valkey/owner.lock", "lists/current.json",
            "metrics/worker-0.1.page", "endpoints.json", "audit/audit.lock")  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, content in {**WRITTEN, **dict.fromkeys(LEFT_OUT, b"made anew")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "valkey/url").unlink()  # no server runs there
    return folder


@pytest.fixture
def archive(tmp_path: Path, data: Path) -> Path:
    data_backup.back_up(Settings(data_dir=data), tmp_path / "backup.tar", now_ms=1_764_547_200_000)
    return tmp_path / "backup.tar"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_cannot_be_made_again_is_restored_and_private(archive: Path, tmp_path: Path) -> None:
    data_backup.restore(archive, tmp_path / "new" / "data")

    assert contents(tmp_path / "new" / "data") == WRITTEN
    everything = [archive, *(tmp_path / "new").rglob("*")]
    assert [path.name for path in everything if path.stat().st_mode & 0o077] == []


def test_what_a_killed_server_left_is_backed_up(data: Path, tmp_path: Path) -> None:
    (data / "valkey" / "url").write_text("redis://owner:gone@127.0.0.1:1/0")
    (data / "valkey" / "server.lock").write_text("")

    data_backup.back_up(Settings(data_dir=data), tmp_path / "backup.tar", now_ms=1)
    data_backup.restore(tmp_path / "backup.tar", tmp_path / "new")

    assert contents(tmp_path / "new") == WRITTEN


def test_a_log_that_is_kept_elsewhere_is_restored_into_the_folder(
    data: Path, tmp_path: Path
) -> None:
    (data / "audit").rename(tmp_path / "elsewhere")
    settings = Settings(data_dir=data, audit_dir=tmp_path / "elsewhere")
    data_backup.back_up(settings, tmp_path / "backup.tar", now_ms=1)

    data_backup.restore(tmp_path / "backup.tar", tmp_path / "new")

    assert contents(tmp_path / "new") == WRITTEN


def test_a_folder_that_holds_something_is_left_alone(archive: Path, data: Path) -> None:
    before = contents(data)

    with pytest.raises(InvalidInput, match="is not empty"):
        data_backup.restore(archive, data)

    assert contents(data) == before


def test_an_archive_is_never_written_over(archive: Path, data: Path) -> None:
    before = archive.read_bytes()

    with pytest.raises(InvalidInput, match="is there already"):
        data_backup.back_up(Settings(data_dir=data), archive, now_ms=1)

    assert archive.read_bytes() == before


def test_a_folder_without_data_gives_no_archive(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(InvalidInput, match="holds no data"):
        data_backup.back_up(
            Settings(data_dir=tmp_path / "empty"), tmp_path / "backup.tar", now_ms=1
        )

    assert not (tmp_path / "backup.tar").exists()


def changed(archive: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[str, bytes]]) -> None:
    """Write *archive* anew, each member as *change* says."""
    with tarfile.open(archive) as old:
        members = [
            (member, source.read())
            for member in old.getmembers()
            if (source := old.extractfile(member)) is not None
        ]
    with tarfile.open(archive, "w") as new:
        for member, content in members:
            name, content_now = change(member, content)
            again = tarfile.TarInfo(name)
            again.size = len(content_now)
            new.addfile(again, io.BytesIO(content_now))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("audit/key", "audit/../../key", "belong"),
        ("audit/key", "/etc/key", "belong"),
        ("audit/key", "other/key", "belong"),
        ("audit/key", "audit/key2", "as its manifest"),
        ("manifest.json", "audit/m", "ends before"),
    ],
)
def test_an_archive_with_other_names_restores_nothing(
    archive: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    changed(archive, lambda one, content: (one.name.replace(old, new), content))

    refuses(archive, tmp_path, why)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"actor":"li"', b'"actor":"wu"', "as its manifest"),
        (b'"version": 1', b'"version": 2', "of another version"),
        (b'"files"', b'"filos"', "cannot be read"),
    ],
)
def test_an_archive_with_other_contents_restores_nothing(
    archive: Path, tmp_path: Path, old: bytes, new: bytes, why: str
) -> None:
    changed(archive, lambda one, content: (one.name, content.replace(old, new)))

    refuses(archive, tmp_path, why)


def refuses(archive: Path, folder: Path, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        data_backup.restore(archive, folder / "new")

    assert not (folder / "new").exists()
    assert not (folder / "new.restoring").exists()


@pytest.mark.parametrize("kept", [0, 100, 5000])
def test_a_cut_archive_restores_nothing(archive: Path, tmp_path: Path, kept: int) -> None:
    archive.write_bytes(archive.read_bytes()[:kept])

    with pytest.raises(InvalidInput, match=r"no backup|ends before"):
        data_backup.restore(archive, tmp_path / "new")

    assert not (tmp_path / "new").exists()


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        link = tarfile.TarInfo("audit/key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(InvalidInput, match="does not belong"):
        data_backup.restore(tmp_path / "backup.tar", tmp_path / "new")
