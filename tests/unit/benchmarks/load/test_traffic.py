from collections import Counter
from pathlib import Path

import pytest

from benchmarks.load import traffic
from fanzha.v1 import interception_pb2 as pb


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("call", {"call": 1.0}),
        ("call=3,link=1", {"call": 0.75, "link": 0.25}),
        ("call=1,text=0", {"call": 1.0}),
        ("sms=3,url=1", {"text": 0.75, "link": 0.25}),
    ],
)
def test_a_mix_is_read_as_shares(text: str, shares: dict[str, float]) -> None:
    assert traffic.read_mix(text) == shares


@pytest.mark.parametrize("text", ["", "fax", "call=many", "call=0", "call,", "call=-1"])
def test_an_invalid_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mix|nothing"):
        traffic.read_mix(text)


def test_requests_come_in_the_shares_of_the_mix() -> None:
    bodies = traffic.from_scenarios({"call": 0.75, "link": 0.25}, rows=64, listed=0, seed=1)

    counts = Counter(body.channel for body in bodies)
    assert 0.7 < counts["call"] / counts.total() < 0.8


def test_a_batch_is_a_grpc_message_of_its_rows() -> None:
    body = traffic.from_scenarios({"call": 1.0}, rows=256, listed=0, seed=1)[0]

    assert body.path == "/fanzha.v1.InterceptionService/DecideCalls"
    assert body.data[0] == 0
    assert int.from_bytes(body.data[1:5], "big") == len(body.data) - 5
    assert tuple(pb.DecideCallsRequest.FromString(body.data[5:]).calls) == body.rows
    assert len(body.rows) == 256


def test_a_batch_of_one_uses_the_unary_method() -> None:
    body = traffic.from_scenarios({"link": 1.0}, rows=1, listed=0, seed=1)[0]

    assert body.path == "/fanzha.v1.InterceptionService/DecideLink"
    assert pb.DecideLinkRequest.FromString(body.data[5:]).link == body.rows[0]


def test_a_file_is_read_as_replay_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "texts.tsv"
    file.write_text("sender\ttext\n1069000000\t您好\n1069000001\t再见\n")

    (body,) = traffic.from_file(file, "text", rows=2)

    assert [row.body for row in body.rows] == ["您好", "再见"]
    assert [row.sender for row in body.rows] == ["1069000000", "1069000001"]


def test_a_short_file_is_repeated_to_fill_a_request(tmp_path: Path) -> None:
    file = tmp_path / "links.txt"
    file.write_text("http://a.example/\nhttp://b.example/\n")

    (body,) = traffic.from_file(file, "link", rows=5)

    assert [row.url[7] for row in body.rows] == list("ababa")


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "links.txt"
    file.write_text("")

    with pytest.raises(ValueError, match="no rows"):
        traffic.from_file(file, "link", rows=1)
