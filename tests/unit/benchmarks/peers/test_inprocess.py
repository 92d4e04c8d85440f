"""Looking links up in one process: our list files and the usual few lines find the same."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.peers import inprocess
from benchmarks.peers.workload import Work
from blocklists.entry_table import EntryTable
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.publication import Publisher
from tests.support import builders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as the benchmark leaves it: names, and the list files of our service."""
    work = Work(listed=50, folder=tmp_path)
    work.write("hosts.txt", work.hosts())
    later = datetime(2100, 1, 1, tzinfo=UTC)
    entries = [builders.an_entry(host, expires_at=later) for host in work.hosts()]
    lists = ListSegments.of_table(1, 1, EntryTable.from_entries(entries))
    Publisher(tmp_path / "ours" / "lists").publish(lists)
    return tmp_path


def test_both_ways_count_the_listed_links(folder: Path) -> None:
    work = Work(listed=50, folder=folder)
    urls = [f"https://{work.host(7)}/pay?id=1", "https://other.example/", f"http://{work.host(8)}/"]

    assert inprocess.with_ours(folder)(urls) == 2
    assert inprocess.with_tldextract(folder)(urls) == 2


def test_both_ways_agree_on_the_traffic_that_is_measured(folder: Path) -> None:
    urls = Work(listed=50, folder=folder).urls(2000)

    assert inprocess.with_ours(folder)(urls) == inprocess.with_tldextract(folder)(urls) > 0


def test_without_list_files_nothing_is_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no list files"):
        inprocess.with_ours(tmp_path)
