"""`fanzha warnings robot`: scripts without a server, the report over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import redis
from typer.testing import CliRunner, Result

from infra.redis.client import connect
from services.audit.events import NoAudit
from services.cli.warnings.commands import app
from services.processes import operations_wiring
from services.processes.embedded_valkey import EmbeddedValkey
from services.settings.settings import Settings
from services.warning.robot.dialogue import RobotDialogue
from services.warning.robot.script import RobotOutcome
from services.warning.robot.store import RobotStore
from services.warning.robot.voice import wav_files
from tests.support.rpc_server import in_a_thread, rpc_server


def robot(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["robot", *arguments])


def test_scripts_are_listed_and_their_ways_printed() -> None:
    listed, ways = robot("scripts"), robot("ways", "sms.zh@1:a", "--fraud-type", "fake_loan")

    assert "sms.zh@1:b" in listed.stdout
    assert "other → other → other: lost" in ways.stdout
    assert robot("ways", "sms.zh@9:a").exit_code


def test_a_dialogue_is_tried() -> None:
    done = robot("talk", "你们是谁", "已经转了", "喂", "--fraud-type", "虚假贷款")

    assert "96110" in done.stdout
    assert "请立即拨打110" in done.stdout
    assert "only noted" in done.stdout
    assert "end: paid" in done.stdout
    assert robot("talk", "hi", "--of", "fr").exit_code


def test_a_call_is_tried_by_keys() -> None:
    done = robot("talk", "--voice", "4", "9", "", "1")

    assert "(who)" in done.stdout
    assert done.stdout.count("这里是反诈中心") == 2
    assert "the call is over" in done.stdout
    assert "end: listened" in done.stdout


def test_recordings_are_checked_and_what_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "voice.zh@1_a"
    folder.mkdir()
    (folder / "ask.wav").write_bytes(wav_files.written(np.zeros(8_000, np.int16)))

    checked = robot("scripts", "--recordings", str(tmp_path))
    (folder / "ask.wav").write_bytes(b"RIFF")
    refused = robot("scripts", "--recordings", str(tmp_path))

    assert not checked.exit_code
    assert "voice.zh@1:a: no recording of warned, who, safe" in checked.output
    assert refused.exit_code
    assert "ask.wav: is no WAV file" in refused.output


def test_a_wrong_script_is_said_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('name = "x"\n')

    done = robot("scripts", "--scripts", str(tmp_path))

    assert done.exit_code
    assert "own.toml" in done.output


@pytest.fixture
def reporting(valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Callable[[], Result]]:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        client = connect(valkey.url)
        settings = Settings(redis_url=valkey.url, data_dir=tmp_path)
        servicer = operations_wiring.servicer(
            settings,
            client,
            log=None,
            audit=NoAudit(),
            policies=operations_wiring.policies_in_force(settings, client, None),
        )
        async with rpc_server({"warning_operations": servicer}) as target:
            yield target
        await client.aclose()

    with in_a_thread(serving) as target:
        yield lambda: robot("report", "--target", target)


async def _talked(url: str) -> None:
    client = connect(url)
    store = RobotStore(client)
    for number in range(5):
        outcome = RobotOutcome.UNDERSTOOD if number else None
        one = RobotDialogue(script="sms.zh@1:a", place="safe", turns=1, outcome=outcome)
        await store.save(f"case-{number}", one, "1-0")
    await client.aclose()


def test_the_report_counts_dialogues(
    reporting: Callable[[], Result], valkey: EmbeddedValkey
) -> None:
    before = reporting()
    asyncio.run(_talked(valkey.url))

    after = reporting()

    assert "no dialogue yet" in before.output
    row = next(line for line in after.stdout.splitlines() if "sms.zh@1:a" in line)
    assert row.split()[1:3] == ["5", "4"]
    assert "100%" in row


def test_a_file_of_labelled_answers_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "replies.tsv"
    file.write_text("text\tlabel\tmonth\n我转了\tpaid\t1\n没转\tpaid\t1\n你是谁\twho\t2\n")

    shown, told = (
        robot("measure", str(file)),
        robot("measure", str(file), "--group-by", "month", "--json"),
    )

    assert "3 answers, 2/3" in shown.stdout
    assert "no 1" in shown.stdout
    assert json.loads(told.stdout)["1"]["meanings"]["paid"]["read_as"] == {"no": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\n我转了\n", "label"),
        ("text\tlabel\nx\tmaybe\n", "maybe"),
        ("text\tlabel\n", "no answers"),
    ],
)
def test_a_file_that_cannot_be_measured_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "replies.tsv"
    file.write_text(content)

    done = robot("measure", str(file))

    assert done.exit_code
    assert said in done.output
