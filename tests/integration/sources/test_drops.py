"""Files dropped by SFTP or into a folder: whole ones, once, on one host, from a known server."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from services.sources.model import (
    AccessSecrets,
    AfterPull,
    Connector,
    DataSource,
    DropTerms,
    PullLimits,
    PullOutcome,
    QualityLimits,
)
from tests.support.source_servers import SftpServer, secret, sftp_server
from tests.support.sources import HOUR_MS, PullingHost, a_source, sftp_source

ANY_SIZE = QualityLimits(most_shrink_percent=0, most_growth_percent=0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SftpServer]:
    async with sftp_server(tmp_path / "server") as serving:
        yield serving


@pytest.fixture(params=[Connector.SFTP, Connector.FOLDER])
async def dropped(
    request: pytest.FixtureRequest, server: SftpServer, tmp_path: Path
) -> tuple[DataSource, Path]:
    """Return a source, and the folder that its files are dropped into."""
    if request.param is Connector.SFTP:
        return sftp_source(server, tmp_path, quality=ANY_SIZE), server.folder
    folder = tmp_path / "local"
    folder.mkdir()
    return a_source(Connector.FOLDER, str(folder), quality=ANY_SIZE), folder


def put(folder: Path, name: str, text: str, *, at_s: int) -> Path:
    file = folder / name
    file.write_text(text)
    os.utime(file, (at_s, at_s))
    return file


async def test_whole_files_are_taken_once_the_oldest_first(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    put(folder, "b.csv", "one", at_s=1000)
    put(folder, "a.csv", "two three", at_s=2000)
    for name in ("c.csv.part", ".hidden", "c.tmp", "a.csv.ok"):
        put(folder, name, "unfinished", at_s=500)
    (folder / "link.csv").symlink_to(folder / "a.csv")
    host = PullingHost(redis_url, tmp_path / "work", source)

    await host.pull()
    before = await host.pull()
    put(folder, "b.csv", "one again", at_s=3000)
    after = await host.pull()
    await host.client.aclose()

    assert host.delivery.taken == [["one"], ["two", "three"], ["one", "again"]]
    assert before.good_ms == host.now_ms - 2 * HOUR_MS, "a drop without a new file is late"
    assert after.good_ms == host.now_ms
    assert (folder / "a.csv").exists()


@pytest.mark.parametrize("after", [AfterPull.MOVE, AfterPull.ACKNOWLEDGE])
async def test_what_was_taken_is_moved_or_acknowledged_and_what_was_refused_stays(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path], after: AfterPull
) -> None:
    source, folder = dropped
    source = replace(source, drop=DropTerms(files="*.csv", after=after, settle_seconds=0.05))
    put(folder, "a.csv", "one", at_s=1000)
    put(folder, "bad.csv", "nonsense", at_s=2000)
    put(folder, "readme.txt", "two", at_s=3000)
    host = PullingHost(redis_url, tmp_path / "work", source)

    await host.pull()
    put(folder, "a.csv", "another", at_s=4000)
    await host.pull()
    outcomes = await host.outcomes()
    await host.client.aclose()

    assert outcomes == ["delivered", "refused", "delivered"]
    assert host.delivery.taken == [["one"], ["another"]]
    assert (folder / "bad.csv").exists()
    if after is AfterPull.MOVE:
        assert len(list((folder / "done").iterdir())) == 2, "no file replaces another"
        assert not (folder / "a.csv").exists()
    else:
        assert (folder / "a.csv.ok").exists()


async def test_a_file_that_grows_is_waited_for(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    source = replace(source, drop=DropTerms(settle_seconds=1.5))
    file = put(folder, "a.csv", "one", at_s=1000)
    host = PullingHost(redis_url, tmp_path / "work", source)

    pulling = asyncio.create_task(host.pull())
    while not pulling.done():
        file.write_text(file.read_text() + " more")
        await asyncio.sleep(0.05)
    taken_while_it_grew = list(host.delivery.taken)
    whole = file.read_text().split()
    await host.pull()
    await host.client.aclose()

    assert taken_while_it_grew == []
    assert host.delivery.taken == [whole]


async def test_two_hosts_take_each_file_once(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    for number in range(6):
        put(folder, f"{number}.csv", f"row-{number}", at_s=1000 + number)
    hosts = [PullingHost(redis_url, tmp_path / name, source) for name in ("one", "two")]

    await asyncio.gather(*(host.pull() for host in hosts))
    await asyncio.gather(*(host.pull() for host in hosts))
    for host in hosts:
        await host.client.aclose()

    taken = sorted(row for host in hosts for rows in host.delivery.taken for row in rows)
    assert taken == [f"row-{number}" for number in range(6)]


async def test_a_host_that_lost_its_lease_stops(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    put(folder, "a.csv", "one", at_s=1000)
    host = PullingHost(redis_url, tmp_path / "work", source)
    host.now_ms += HOUR_MS
    await host.scheduler.look()
    await host.client.set("{fanzha:sources}:lease:ministry", "another")
    await host.scheduler.wait()

    state = await host.state()
    await host.client.aclose()

    assert state.last is None, "the host that has the lease now decides what became of the file"


async def test_a_held_file_waits_and_files_behind_it_do_not(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    put(folder, "a.csv", "bad bad one", at_s=1000)
    put(folder, "b.csv", "two", at_s=2000)
    host = PullingHost(redis_url, tmp_path / "work", source)

    held = await host.pull()
    quiet = await host.pull()
    accepted = await host.accept(held.held[0])
    outcomes = await host.outcomes()
    await host.client.aclose()

    assert held.held == quiet.held
    assert len(held.held) == 1
    assert accepted.held == ()
    assert outcomes == ["held", "delivered", "delivered"]
    assert host.delivery.taken == [["two"], ["bad", "bad", "one"]]


async def test_a_held_file_that_its_source_takes_back_is_forgotten(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    bad = put(folder, "a.csv", "bad bad one", at_s=1000)
    host = PullingHost(redis_url, tmp_path / "work", source)

    held = await host.pull()
    bad.unlink()
    state = await host.pull()
    await host.client.aclose()

    assert (len(held.held), state.held) == (1, ())


async def test_a_file_beyond_its_size_is_refused_and_not_read_again(
    redis_url: str, tmp_path: Path, dropped: tuple[DataSource, Path]
) -> None:
    source, folder = dropped
    source = replace(source, limits=PullLimits(most_bytes=10))
    put(folder, "a.csv", "x" * 11, at_s=1000)
    host = PullingHost(redis_url, tmp_path / "work", source)

    await host.pull()
    await host.pull()
    outcomes = await host.outcomes()
    await host.client.aclose()

    assert outcomes == ["refused"]


async def test_a_server_with_another_host_key_gets_no_password(
    redis_url: str, tmp_path: Path, server: SftpServer
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    source = sftp_source(server, tmp_path)
    source = replace(source, secrets=replace(source.secrets, host_keys=(other,)))
    host = PullingHost(redis_url, tmp_path / "work", source)
    put(server.folder, "a.csv", "one", at_s=1000)

    state = await host.pull()
    await host.client.aclose()

    assert state.last is not None
    assert state.last.outcome is PullOutcome.FAILED
    assert "host key that is not in host_keys" in state.last.why


async def test_a_key_opens_what_a_wrong_password_does_not(redis_url: str, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    public = key.export_public_key().decode()
    async with sftp_server(tmp_path / "keyed", client_key=public) as server:
        put(server.folder, "a.csv", "one", at_s=1000)
        wrong = secret(tmp_path / "wrong", b"another")
        refused = sftp_source(server, tmp_path)
        refused = replace(
            refused, secrets=AccessSecrets(password_file=wrong, host_keys=(server.host_key,))
        )
        right = AccessSecrets(
            key_file=secret(tmp_path / "key", key.export_private_key()),
            host_keys=(server.host_key,),
        )
        first = PullingHost(redis_url, tmp_path / "work", refused)
        failed = await first.pull()
        host = PullingHost(redis_url, tmp_path / "work", replace(refused, secrets=right))
        await host.pull(later_ms=2 * HOUR_MS)
        await first.client.aclose()
        await host.client.aclose()

    assert failed.last is not None
    assert "refuses the login" in failed.last.why
    assert host.delivery.taken == [["one"]]


async def test_a_server_that_dies_within_a_file_is_a_failure_and_the_file_is_taken_later(
    redis_url: str, tmp_path: Path
) -> None:
    async with sftp_server(tmp_path / "server", dies_after=2**18) as server:
        put(server.folder, "a.csv", "x" * 2**20, at_s=1000)
        host = PullingHost(redis_url, tmp_path / "work", sftp_source(server, tmp_path))
        failed = await host.pull()
        server.dies_after[0] = None
        taken_before = len(host.delivery.taken)
        await host.pull(later_ms=failed.due_ms - host.now_ms)
        outcomes = await host.outcomes()
        await host.client.aclose()

    assert taken_before == 0
    assert outcomes == ["failed", "delivered"]
    assert [len(rows[0]) for rows in host.delivery.taken] == [2**20]


async def test_a_server_that_goes_away_is_a_failure_and_comes_back(
    redis_url: str, tmp_path: Path
) -> None:
    async with sftp_server(tmp_path / "first") as server:
        source = sftp_source(server, tmp_path)
    host = PullingHost(redis_url, tmp_path / "work", source)

    state = await host.pull()
    await host.client.aclose()

    assert state.last is not None
    assert (state.last.outcome, state.failures) == (PullOutcome.FAILED, 1)
    assert state.due_ms - state.tried_ms == 30_000
