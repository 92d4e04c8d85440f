"""Warnings by HTTP and by file, against a real store."""

import csv
import json
import os
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from prometheus_client import CollectorRegistry

from fanzha.errors import InvalidInput
from infra import http_server
from infra.clock import now_ms
from infra.redis.client import connect
from services.rpc import security
from services.settings.settings import Settings
from services.warning import wiring
from services.warning.intake import cloud_events_http
from services.warning.intake.drop_folder import DropFolder
from services.warning.wiring import WarningPipeline
from tests.support.identities import Issuer

HEAD = "reference,victim,means_kind,means,occurred_at\n"


@pytest.fixture
async def pipeline(redis_url: str, tmp_path: Path) -> AsyncIterator[WarningPipeline]:
    client = connect(redis_url)
    settings = Settings(redis_url=redis_url, data_dir=tmp_path)
    yield wiring.build(settings, client, registry=CollectorRegistry(), now_ms=now_ms)
    await client.aclose()


@pytest.fixture
async def http(pipeline: WarningPipeline) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        http_server.serve_http(
            cloud_events_http.app(pipeline.submission, None), "127.0.0.1", 0
        ) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        yield client


def data(victim: str = "+8617000000001") -> dict[str, Any]:
    return {
        "victim": victim,
        "means_kind": "caller",
        "means": "+8619900000001",
        "occurred_at": now_ms() - 1000,
    }


def an_event(number: str, **changed: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": cloud_events_http.TYPE, "source": "/x", "id": number}
    return event | {"data": data()} | changed


async def post(http: httpx.AsyncClient, kind: str, content: Any) -> list[dict[str, str]]:
    answer = await http.post(
        "/warnings?kind=carrier&source_name=carrier.example",
        content=json.dumps(content),
        headers={"content-type": kind},
    )
    assert answer.status_code == 200, answer.text
    results: list[dict[str, str]] = answer.json()["results"]
    return results


async def test_a_structured_event_is_accepted_once(http: httpx.AsyncClient) -> None:
    event = an_event("1")

    (first,) = await post(http, "application/cloudevents+json", event)
    (again,) = await post(http, "application/cloudevents+json; charset=utf-8", event)

    assert (first["result"], again["result"]) == ("accepted", "duplicate")
    assert first["case_id"] == again["case_id"]


async def test_each_event_of_a_batch_gets_an_answer(http: httpx.AsyncClient) -> None:
    events = [
        an_event("1"),
        an_event("2", type="something.else"),
        {"id": "3"},
        an_event("4", data="text"),
        "nothing",
        an_event("5"),
    ]

    results = await post(http, "application/cloudevents-batch+json", events)

    assert [one["result"] for one in results] == [
        *("accepted", "refused", "refused", "refused", "refused", "joined")
    ]
    assert results[1]["reason"].startswith("type:")
    assert results[3]["reason"].startswith("data:")


async def test_an_event_in_binary_mode_is_accepted(http: httpx.AsyncClient) -> None:
    headers = {"ce-specversion": "1.0", "ce-type": cloud_events_http.TYPE, "ce-source": "/x"}
    answer = await http.post(
        "/warnings?kind=carrier&source_name=carrier.example",
        json=data(),
        headers=headers | {"ce-id": "9", "content-type": "application/json"},
    )

    assert [one["result"] for one in answer.json()["results"]] == ["accepted"]


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("text/plain", b"hello", 400),
        ("application/cloudevents-batch+json", b"{}", 400),
        ("application/cloudevents-batch+json", b"not json", 400),
        ("application/cloudevents-batch+json", b"[" * 100_000, 400),
        ("application/cloudevents-batch+json", '["冒充"]'.encode("gb18030"), 400),
        ("application/cloudevents+json", b"{", 400),
        ("application/cloudevents+json", b"x" * (4 * 2**20 + 1), 413),
    ],
)
async def test_an_unreadable_body_is_a_bad_request(
    http: httpx.AsyncClient, kind: str, content: bytes, status: int
) -> None:
    answer = await http.post(
        "/warnings?kind=carrier&source_name=x.example",
        content=content,
        headers={"content-type": kind},
    )

    assert answer.status_code == status
    assert answer.json()["error"]


async def test_an_invalid_event_is_refused_by_id_and_stops_no_other(
    http: httpx.AsyncClient,
) -> None:
    events = [
        an_event("1"),
        an_event("half a character: \ud800"),
        an_event("3", specversion="0.3"),
        an_event("4", time="yesterday"),
        an_event("5", data=data() | {"\ud800": 1}),
        "6",
        an_event("7"),
    ]

    found = await post(http, "application/cloudevents-batch+json", events)

    assert [one["result"] for one in found] == ["accepted", *["refused"] * 5, "joined"]
    assert [one["id"] for one in found] == ["1", "half a character: ?", "3", "4", "5", "", "7"]
    assert found[2]["reason"] == "specversion: 1.0"
    assert found[3]["reason"] == "event: time or data cannot be parsed"


async def test_an_unknown_kind_of_source_is_a_bad_request(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post(
        "/warnings?kind=bank&source_name=x.example",
        json=an_event("1"),
        headers={"content-type": "application/cloudevents+json"},
    )

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("kind: one of ministry")


async def test_with_authentication_only_sources_may_send(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    issuer = Issuer(tmp_path / "jwks.json")
    doorkeeper = security.of(issuer.settings(), "admin").interceptor
    assert doorkeeper is not None
    assert doorkeeper.tokens is not None
    app = cloud_events_http.app(pipeline.submission, doorkeeper.tokens.identity)
    found = []
    async with (
        http_server.serve_http(app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(timeout=60) as client,
    ):
        for token in (None, issuer.token("editor"), issuer.token("source")):
            headers = {"content-type": "application/cloudevents+json"}
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
            answer = await client.post(
                f"http://127.0.0.1:{port}/warnings?kind=carrier",
                json=an_event("1"),
                headers=headers,
                timeout=30,
            )
            found.append(answer.status_code)

    assert found == [401, 403, 200]
    assert await pipeline.sources.names() == ["wang"]


def dropped(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    source = folder / "carrier-mobile.example"
    source.mkdir(parents=True, exist_ok=True)
    file = source / name
    file.write_bytes(text.encode(encoding))
    os.utime(file, (0, 0))  # long complete
    return file


def report(folder: Path, where: str, name: str) -> list[dict[str, str]]:
    with (folder / "carrier-mobile.example" / where / f"{name}.report.csv").open() as lines:
        return list(csv.DictReader(lines))


def a_row(reference: str, victim: str = "+8617000000001") -> str:
    return f"{reference},{victim},caller,+8619900000001,{now_ms() - 1000}\n"


async def test_a_file_is_ingested_once_with_a_report(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    dropped(tmp_path, "a.csv", HEAD + a_row("1") + a_row("2", "110") + "3,x\n" + a_row("4"))

    taken = [await drop.scan(), await drop.scan()]
    drop.close()

    assert taken == [1, 0]
    found = [(row["line"], row["result"]) for row in report(tmp_path, "done", "a.csv")]
    assert found == [("2", "accepted"), ("3", "refused"), ("4", "refused"), ("5", "joined")]


async def test_a_repeated_file_contains_only_repeats(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    text = HEAD + a_row("1")
    for _ in range(2):
        dropped(tmp_path, "a.csv", text)
        await drop.scan()
    drop.close()

    assert [row["result"] for row in report(tmp_path, "done", "a-2.csv")] == ["duplicate"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
async def test_files_written_by_spreadsheets_are_read(
    pipeline: WarningPipeline, tmp_path: Path, encoding: str, between: str
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    row = f"1,+8617000000001,caller,+8619900000001,{now_ms() - 1000},冒充客服\r\n,,,,,\r\n"
    text = f"{HEAD.strip()},campaign\r\n{row}".replace(",", between)
    dropped(tmp_path, "a.csv", text, encoding)

    await drop.scan()
    drop.close()

    assert [row["result"] for row in report(tmp_path, "done", "a.csv")] == ["accepted"]


async def test_a_malformed_row_stops_no_other(pipeline: WarningPipeline, tmp_path: Path) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    rows = [a_row("1"), '2,"+86"1,caller,x,1\n', '3,"+8617000000001\n', a_row("4")]
    dropped(tmp_path, "a.csv", HEAD + "".join(rows))

    await drop.scan()
    drop.close()

    found = [(row["line"], row["result"]) for row in report(tmp_path, "done", "a.csv")]
    assert found == [("2", "accepted"), ("3", "refused"), ("4", "refused"), ("5", "joined")]


async def test_a_workbook_is_read_sheet_by_sheet_as_its_stored_values(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    head, first = HEAD.strip().split(","), a_row("1").strip().split(",")
    file = dropped(tmp_path, "a.xlsx", "")
    book = openpyxl.Workbook()
    for row in (head, first, ["2", '=HYPERLINK("http://evil.example")', *first[2:]]):
        book.active.append(row)
    more = book.create_sheet("more")
    for row in (head, a_row("3").strip().split(",")):
        more.append(row)
    book.save(file)
    os.utime(file, (0, 0))

    await drop.scan()
    drop.close()

    found = [(row["line"], row["result"]) for row in report(tmp_path, "done", "a.xlsx")]
    assert found == [("2", "accepted"), ("3", "refused"), ("2:2", "joined")]


async def test_a_workbook_that_unpacks_to_too_much_is_rejected_unread(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    file = dropped(tmp_path, "a.xlsx", "")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * (64 << 20))
    os.utime(file, (0, 0))

    await drop.scan()
    drop.close()

    (row,) = report(tmp_path, "rejected", "a.xlsx")
    assert row["result"] == "refused"
    assert "unpack" in row["reason"]


async def test_a_symlink_is_ignored_and_an_unusable_folder_blocks_no_other(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    secret = tmp_path / "secret"
    secret.write_text("of somebody else\n")
    file = dropped(tmp_path, "a.csv", HEAD + a_row("1"))
    (file.parent / "link.csv").symlink_to(secret)
    unusable = tmp_path / "bureau-a.example"
    unusable.mkdir()
    (unusable / "working").write_text("is no folder")

    taken = await drop.scan()
    drop.close()

    assert taken == 1
    assert (file.parent / "link.csv").is_symlink()


async def test_report_and_log_do_not_quote_numbers_of_a_headerless_file(
    pipeline: WarningPipeline, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    dropped(tmp_path, "a.csv", a_row("1"))

    with caplog.at_level("INFO"):
        await drop.scan()
    drop.close()

    (row,) = report(tmp_path, "rejected", "a.csv")
    assert row["reason"].startswith("first line: unknown column 1, 2, 3, 4, 5; missing reference")
    assert "17000000001" not in row["reason"] + caplog.text


@pytest.mark.parametrize("text", ["", HEAD, "victim,nonsense\n+8617000000001,1\n", HEAD + "1,2\n"])
async def test_a_file_without_an_acceptable_row_is_rejected(
    pipeline: WarningPipeline, tmp_path: Path, text: str
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission)
    dropped(tmp_path, "a.csv", text)

    await drop.scan()
    drop.close()

    assert report(tmp_path, "rejected", "a.csv")[0]["result"] == "refused"


async def test_a_file_that_is_still_being_written_is_not_read(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    drop = DropFolder(tmp_path, pipeline.submission, now_s=lambda: 1.0)
    dropped(tmp_path, "fresh.csv", HEAD)
    dropped(tmp_path, "b.csv.part", HEAD)
    (tmp_path / "nonsense").mkdir()

    assert await drop.scan() == 0
    drop.close()


async def test_one_process_at_a_time_reads_the_drop_folder(
    pipeline: WarningPipeline, tmp_path: Path
) -> None:
    first, second = (DropFolder(tmp_path, pipeline.submission) for _ in range(2))
    await first.scan()
    dropped(tmp_path, "a.csv", HEAD + a_row("1"))

    taken = [await second.scan(), await first.scan()]
    first.close()
    second.close()

    assert taken == [0, 1]


async def test_an_unreadable_cursor_is_refused(pipeline: WarningPipeline) -> None:
    with pytest.raises(InvalidInput, match="after: not a cursor"):
        await pipeline.sources.read_feedback("carrier.example", after="garbage")
