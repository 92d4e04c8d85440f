"""Campaigns are counted in a running service and shown by command."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fanzha.client import channels
from fanzha.fingerprint import NEAR, equal_values, fingerprint, read
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from tests.support.processes import LEAN, Running, eventually, fanzha_up

POINTS = "【示例商城】尊敬的客户，您的积分{}分将于今日过期，请尽快回复本短信兑换现金礼品"
LOAN = "无抵押贷款，凭身份证最快当天到账，额度{}元，利息低，需要请加客服微信详谈办理"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    # Each test counts campaigns, so each has a service of its own.
    with fanzha_up(tmp_path, workers=1, FANZHA_BULK_TEXTS="1000", **LEAN) as running:
        yield running


def send(service: Running, body: str, rows: int = 4000) -> None:
    texts = [
        pb.Text(sender=f"+86170000{row:05}", receiver="+8617000000999", body=body.format(row))
        for row in range(rows)
    ]
    with channels.blocking(service.interception) as channel:
        stub = pb_grpc.InterceptionServiceStub(channel)
        stub.DecideTexts(pb.DecideTextsRequest(texts=texts), timeout=60)


def shown(service: Running, *arguments: str) -> Any:
    return json.loads(service.fanzha("campaigns", "--json", *arguments).stdout)


def test_a_bulk_text_is_shown_and_counted_exactly_once_listed(
    service: Running,
) -> None:
    send(service, POINTS)
    # A report may come between the parts in which a long request is decided.
    eventually(lambda: sum(one["texts"] for one in shown(service)) > 3000)
    (before,) = shown(service, "--unlisted")
    service.fanzha(
        "blocklist", "add", before["fingerprint"], "--kind", "fingerprint", "--action", "block",
        "--source", "bureau", "--reason", "test", "--by", "li",
    )  # fmt: skip
    eventually(lambda: "fanzha_list_entries" in service.metrics_page() and listed(service))

    send(service, POINTS, rows=100)

    eventually(lambda: shown(service)[0]["listed"])
    assert not before["listed"]
    assert before["texts"] < 5000
    assert before["senders_at_least"] > 20
    assert shown(service, "--unlisted") == []
    assert 'fanzha_fingerprint_hits_total{action="block"} 100.0' in service.metrics_page()
    assert "fanzha_bulk_campaigns_total 1.0" in service.metrics_page()
    table = service.fanzha("campaigns").stdout
    assert table.startswith(f"{before['fingerprint']}\n")
    # The text model may have blocked some before the fingerprint was listed.
    assert shown(service)[0]["blocked"] >= 100
    assert " blocked" in table
    assert "积分" not in table + (service.folder / "up.log").read_text()


def listed(service: Running) -> bool:
    return 'fanzha_list_entries{worker="worker-0"} 1.0' in service.metrics_page()


def test_another_text_is_another_campaign(service: Running) -> None:
    send(service, POINTS)
    eventually(lambda: len(shown(service)) == 1)
    (points,) = shown(service)

    send(service, LOAN)

    eventually(lambda: len(shown(service)) == 2)
    (found,) = (one for one in shown(service) if one["fingerprint"] != points["fingerprint"])
    (equal,) = equal_values(read([found["fingerprint"]]), read([fingerprint(LOAN.format(3999))]))
    assert equal >= NEAR
