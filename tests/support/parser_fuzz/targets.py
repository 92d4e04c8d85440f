"""Parsers of what comes from outside, each with well-formed inputs of our own to be damaged.

A parser reads any input, or refuses it with an error that it promises. Whatever else it raises is a
defect, and so is a case that takes longer than `SLOW_SECONDS` of processor time.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from google.protobuf.message import DecodeError

from blocklists.importers import formats
from blocklists.importers.list_file import ListFile, ReadOptions
from blocklists.importers.list_format import Format
from classifiers import bundles, card
from classifiers.link import url_columns
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_tables import UrlTables
from fanzha import toml_files
from fanzha.errors import FanzhaError
from fanzha.phone import HomePlan
from fanzha.v1 import interception_pb2 as pb
from services.audit import records
from services.audit.events import AuditKind
from services.audit.records import AuditEvent, DamagedAuditRecord
from services.audit.verifier import Verifier
from services.decision.carriers.policy_document import read_policies
from services.decision_log import segment_files
from services.rpc.decide import wire_format
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from services.settings import loader
from tests.support import url_column_oracle
from tests.support.checkout import CHECKOUT
from tests.support.damaged_messages import damaged_message

NOW_MS = 1_764_000_000_000
SLOW_SECONDS = 2.0
"""Of processor time, for an input of some kilobytes; a loaded machine has other clocks only."""
_EXAMPLES = CHECKOUT / "examples"
_PIECES = (
    b"\x00", b"\xff\xfe", b"\xf0\x9f\x98\x80", b"\xe4\xb8\xad", b"\r\n", b"\n", b"\t", b'"', b"'",
    b",", b";", b"#", b"||", b"^", b"*", b"+86", b"0.0.0.0 ", b"xn--",
    b"a" * 300, b"." * 64, b"[" * 200,
    b"{" * 200, b"9" * 400, b"-1", b"1e999", b"NaN", b"\x80\x80\x80\x80\x10", b"\x08\x96\x01", b"=",
)  # fmt: skip
"""What is put in somewhere."""
_LIKELY = bytes({*range(32, 127), 0, 9, 10, 13, 128, 255})
_FEW_CHANGES = 0.6
_DAMAGED_ARCHIVES = 0.2


def _damaged(chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Return a seed with a few bytes changed, or with several changes of any kind."""
    if chance.random() < _FEW_CHANGES:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 2)):
            data[chance.randrange(len(data))] = chance.choice(_LIKELY)
        return bytes(data)
    return damaged_message(chance, seeds, _PIECES)


def _damaged_workbook(chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Damage one part of a workbook, or its archive."""
    data = chance.choice(seeds)
    if chance.random() < _DAMAGED_ARCHIVES:
        return _damaged(chance, seeds)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        victim = chance.choice(names)
        for name in names:
            part = old.read(name)
            new.writestr(name, _damaged(chance, [part]) if name == victim and part else part)
    return made.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzTarget:
    """A parser."""

    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    """Well-formed inputs."""
    refusals: tuple[type[BaseException], ...]
    """What it may raise."""
    share: float = 1.0
    """Of the cases: a slow parser gets fewer."""
    damage: Callable[[Random, Sequence[bytes]], bytes] = field(default=_damaged)


_LISTS: dict[Format, str] = {
    Format.CSV: "pattern,kind,action,reason\n+8617000000001,number,block,three victims\n"
    "bad.example,host,block,a shop\n",
    Format.NUMBERS: "# of today\n+8617000000001\n+86 170 0000 0002 # twice\n170000001*\n",
    Format.DOMAINS: "bad.example\n*.worse.example\n# done\nhttp://shop.example/a?b=c\n",
    Format.HOSTS: "127.0.0.1 localhost\n0.0.0.0 bad.example worse.example # ads\n::1 a.test\n",
    Format.ADBLOCK: "[Adblock Plus 2.0]\n! Title: a\n||bad.example^$third-party\n@@||a.test^\n",
    Format.DNSMASQ: "address=/bad.example/0.0.0.0\nserver=/worse.example/#\n# comment\n",
    Format.UNBOUND: 'server:\nlocal-zone: "bad.example" always_nxdomain\n'
    'local-data: "a.test A 1.2.3.4"\n',
    Format.RPZ: "$TTL 60\n@ SOA a. b. 1 2 3 4 5\nbad.example CNAME .\n*.bad.example CNAME *.\n",
    Format.BIND: 'zone "bad.example" { type master; file "null"; };\nzone "a.test" IN {};\n',
    Format.JSON: '[{"pattern": "+8617000000001", "action": "block"}, "bad.example"]\n',
    Format.YAML: "- pattern: bad.example\n  action: block\n  reason: 'a shop'\n- pattern: a.test\n",
    Format.STIX: '{"type": "bundle", "id": "bundle--1", "objects": [{"type": "indicator", "id": '
    '"indicator--2", "pattern_type": "stix", "pattern": "[domain-name:value = \'bad.example\']", '
    '"valid_from": "2025-01-01T00:00:00Z"}]}\n',
}
_POLICY = """[carrier.cmcc.call]
threshold = 0.9
mode = "monitor"
on_failure = "allow"
[carrier.cucc.text]
mode = "enforce"
"""
_SETTINGS = """workers = 2
redis_url = "redis://127.0.0.1:6379/0"
hit_flush_ms = 20
second_person = "always"
metrics_enabled = false
"""


def _list_reader(format_: Format) -> Callable[[bytes], object]:
    reader = formats.READERS[format_]

    def read(data: bytes) -> None:
        for _ in reader(io.StringIO(data.decode(errors="replace"))):
            pass

    return read


def _lines_of(format_: Format) -> Callable[[], Sequence[bytes]]:
    return lambda: [_LISTS[format_].encode()]


class _InAFile:
    """Reads from a file, whose bytes are those of a case."""

    def __init__(self, name: str, read: Callable[[Path], object]) -> None:
        self._name = name
        self._read = read
        self.folder = Path()

    def __call__(self, data: bytes) -> None:
        path = self.folder / self._name
        path.write_bytes(data)
        self._read(path)


def _read_list_file(path: Path) -> None:
    file = ListFile(path, ReadOptions(), NOW_MS // 1000)
    try:
        for _ in file.items():
            pass
    finally:
        file.close()


def _read_wire(data: bytes) -> None:
    """Read by column, then by message: the first must not read what the second refuses."""
    columns, reader = ColumnarDecoder(HomePlan()), MessageDecoder(HomePlan())
    read = None
    with suppress(wire_format.Unusual):
        read = columns.calls(data, wire_format.count_rows(data), NOW_MS)
    try:
        expected = reader.calls(pb.DecideCallsRequest.FromString(data).calls, NOW_MS)
    except DecodeError:
        if read is not None:
            raise AssertionError("a request was read that protobuf refuses") from None
        raise
    if read is not None and read.callers.tolist() != expected.callers.tolist():
        raise AssertionError("the two readers differ")
    for columnar in (columns.texts, columns.links):
        with suppress(wire_format.Unusual):
            columnar(data, wire_format.count_rows(data), NOW_MS)


def _links() -> Sequence[bytes]:
    """Return URLs of every part that is described."""
    return [
        b"http://www.secure-paypal1.city.co.uk/en/index.html?ver=2&a=http://b.test/",
        b"https://xn--80ak6aa92e.github.io/PayPal//login.php?v=deadbeef0123",
        b"http://203.0.113.7/" + b"a/1" * 40,
        b"http://" + b"zhongguo." * 12 + b"com.cn/",
    ]


def _describe_link(data: bytes) -> None:
    """Describe a URL by the kernel, and by plain Python."""
    statistics, tables = _statistics()
    url = data.decode(errors="replace")
    found = url_columns.rows([url], tables)
    if found.tobytes() != url_column_oracle.of_urls([url], statistics).tobytes():
        raise AssertionError("kernel and oracle differ")


@cache
def _statistics() -> tuple[UrlStatistics, UrlTables]:
    made = url_column_oracle.some_statistics(Random(1))
    return made, UrlTables(made)


@cache
def _requests() -> list[bytes]:
    call = pb.Call(caller="+8617000000001", callee="+8619900000001", request_id="a-1")
    text = pb.Text(sender="1069000000", receiver="+8619900000001", body="退款 a.test/b")
    link = pb.Link(url="http://bad.example/a?b=c", subscriber="+8619900000001")
    return [
        pb.DecideCallsRequest(calls=[call, call]).SerializeToString(),
        pb.DecideTextsRequest(texts=[text]).SerializeToString(),
        pb.DecideLinksRequest(links=[link, link]).SerializeToString(),
    ]


@cache
def _audit_log() -> bytes:
    previous, lines = records.FIRST_PREVIOUS, []
    for sequence in range(1, 6):
        event = AuditEvent(
            time_ms=NOW_MS + sequence,
            kind=AuditKind.REQUEST_CREATED,
            actor="li",
            subject=f"change:{sequence}",
            details={"reason": "三个受害人", "rows": "2"},
        )
        record = records.make_record(event, sequence, previous)
        previous = record.hash
        lines.append(record.line + b"\n")
    return b"".join(lines)


def _verify(path: Path) -> None:
    verifier = Verifier(None, whole=True)
    verifier.check(path)
    verifier.finish()


@cache
def _segment() -> bytes:
    table = pa.table(
        {"id": [1, 2, 3], "caller": ["+8617000000001", "", "a"], "score": [0.1, 0.9, 0.5]}
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _read_segment(path: Path) -> None:
    segment_files.read_through([path], [])


@cache
def _cards() -> list[bytes]:
    found = [bundles.newest(bundles.SHIPPED, channel) for channel in ("caller", "url")]
    return [(one / card.CARD).read_bytes() for one in found]


def _read_settings(path: Path) -> None:
    loader.load(path)


_FILE_ERRORS = (FanzhaError, OSError, ValueError, EOFError)

TARGETS: dict[str, FuzzTarget] = {
    **{
        f"list-{format_}": FuzzTarget(
            read=_list_reader(format_), seeds=_lines_of(format_), refusals=(FanzhaError,)
        )
        for format_ in _LISTS
    },
    "list-file": FuzzTarget(
        read=_InAFile("list", _read_list_file),
        seeds=lambda: [*(text.encode() for text in _LISTS.values()),
                       (_EXAMPLES / "list-gb18030.csv").read_bytes()],
        refusals=_FILE_ERRORS, share=0.3,
    ),
    "list-xlsx": FuzzTarget(
        read=_InAFile("list.xlsx", _read_list_file),
        seeds=lambda: [(_EXAMPLES / "list.xlsx").read_bytes()],
        refusals=_FILE_ERRORS, share=0.05, damage=_damaged_workbook,
    ),
    "carrier-policy": FuzzTarget(
        read=lambda data: read_policies(data.decode(errors="replace")),
        seeds=lambda: [_POLICY.encode()], refusals=(ValueError, FanzhaError),
    ),
    "decision-requests": FuzzTarget(
        read=_read_wire, seeds=_requests, refusals=(DecodeError,)
    ),
    "link-columns": FuzzTarget(read=_describe_link, seeds=_links, refusals=()),
    "audit-record": FuzzTarget(
        read=records.read, seeds=lambda: _audit_log().splitlines(), refusals=(DamagedAuditRecord,)
    ),
    "audit-log": FuzzTarget(
        read=_InAFile("audit-2025-11.jsonl", _verify), seeds=lambda: [_audit_log()], refusals=(),
        share=0.3,
    ),
    "decision-log": FuzzTarget(
        read=_InAFile("segment.parquet", _read_segment), seeds=lambda: [_segment()],
        refusals=(FileNotFoundError,), share=0.1,
    ),
    "model-card": FuzzTarget(
        read=lambda data: card.parse(toml_files.parse(data.decode(errors="replace"))),
        seeds=_cards, refusals=(ValueError, FanzhaError), share=0.1,
    ),
    "settings-file": FuzzTarget(
        read=_InAFile("fanzha.toml", _read_settings), seeds=lambda: [_SETTINGS.encode()],
        refusals=(FanzhaError,), share=0.02,
    ),
}  # fmt: skip
"""By name."""


def use_folder(folder: Path) -> None:
    """Keep the files of cases in *folder*."""
    for target in TARGETS.values():
        if isinstance(target.read, _InAFile):
            target.read.folder = folder
