"""Every parser of what comes from outside reads any input, or refuses it with its own error.

Parsers whose errors are those of a damaged record are called inside `infra.redis.damaged_records`.
Parsers with property tests of their own, beside the other tests of their module, are not here.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklists import provenance
from blocklists.column_checks import BadColumns
from blocklists.entries import EntryKind, Source
from blocklists.provenance import Provenance
from blocklists.snapshot import findings
from classifiers import card
from fanzha.errors import InvalidConfiguration, InvalidInput, Unauthenticated
from fanzha.phone import HomePlan
from infra.redis import damaged_records
from infra.redis.consumer_group import StreamEntry
from services.appeals import entry_snapshots, serialization
from services.appeals.model import (
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealSubject,
    Document,
    Lift,
)
from services.audit import keys
from services.auth import identities_file, issuer, jwks
from services.auth.certificates import CertificateIdentities
from services.auth.identities_file import NO_IDENTITIES
from services.decision.sinks import hit_fields
from services.decision_log import recipient_subject
from services.decision_log.conditions import Conditions
from services.decision_log.recipient_subject import SubjectKind
from services.decision_log.segment_files import SegmentMetadata
from services.models import desired_models
from services.sources import definitions
from services.sources.reports.reader import ReportReader
from services.sources.reports.rules import ReportRules
from services.warning import csv_rows
from services.warning.cases import serialization as cases
from services.warning.cases.events import CaseEvent, EventKind
from services.warning.channels import address_filter
from services.warning.desk import assignment
from services.warning.dispatch import channel_stream, limits
from services.warning.intake import own_hits, warning_files
from services.warning.messages import template_files
from services.warning.model import Region
from services.warning.policy import counties, facts, plans, tiers
from tests.support.builders import an_entry
from tests.support.damaged_inputs import (
    NESTED,
    changed,
    damaged_bytes,
    damaged_text,
    fields_like,
    json_like,
    texts,
)
from tests.support.warnings import NOW_MS, a_warning

HOME = HomePlan()
RECORD = damaged_records.DamagedRecord


class Parser(NamedTuple):
    """One parser, what it is given, and what it may raise."""

    name: str
    parse: Callable[[Any], object]
    inputs: st.SearchStrategy[Any]
    errors: tuple[type[Exception], ...] = ()


def in_store(parse: Callable[[Any], object]) -> Callable[[Any], object]:
    """Parse as the stores do."""

    def call(given: Any) -> object:
        with damaged_records.reading("test"):
            return parse(given)

    return call


def files(content: st.SearchStrategy[Any], folder: Path) -> st.SearchStrategy[Path]:
    def written(data: str | bytes) -> Path:
        path = folder / "input"
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "replace"))
        return path

    return content.map(written)


def toml_like(sample: str) -> st.SearchStrategy[str]:
    return damaged_text(sample) | st.sampled_from(["", "a = " + NESTED, "[[", "step = 5"])


REPORTS = (
    "reporter,number,link,time\nu1,+8617000000001,http://a.example/,1764000000\n",
    '{"reporter": "u1", "sender": "Bank", "time": "2025-11-24T10:00:00Z"}\n',
)
SOURCES = """[sources.a]
kind = "https"
address = "https://a.example/b"
brings = "entries"
source = "ministry"
"""
READER = ReportReader(b"key", HOME, now_ms=lambda: NOW_MS)


def _reports(reader: ReportReader, path: Path) -> object:
    return list(reader.rows(path, ReportRules()))


SUBJECT = AppealSubject(kind=EntryKind.NUMBER, pattern="+8617000000123")
APPEAL = serialization.written(
    Appeal(
        appeal_id=1,
        received_at_ms=NOW_MS,
        deadline_ms=NOW_MS + 1,
        appellant="张三",
        contact="zhang@company.example",
        grounds="ours",
        documents=[Document(name="a.pdf", sha256="0" * 64)],
        subject=SUBJECT,
        opened_by="desk",
    )
) | {
    "state": "upheld",
    "revision": "3",
    "outcome": serialization.outcome(AppealOutcome(reason="theirs", lift=SUBJECT)),
    "lift": serialization.lift(Lift(version=3, allowed=(EntryKind.NUMBER, "+8617000000123"))),
}
EVENT = serialization.event(AppealEvent(at_ms=1, by="li", what=AppealEventKind.TAKEN))
HIT = {
    "decision_id": "5",
    "channel": "CALL",
    "from_party": "+8619900000001",
    "to_party": "+8617000000001",
    "fraud_type": "FAKE_LOAN",
    "reason": "BLOCKLISTED",
    "evidence": "CALLER",
    "pattern": "+8619900000001",
    "score": "0.5",
    "occurred_at_ms": str(NOW_MS),
    "url": "http://a.example/",
}
OUTGOING = {
    "message_id": "case.1",
    "to": "+8617000000001",
    "text": "warning",
    "attempt": "1",
    "tier": "3",
    "region": "330106",
    "step": "0",
    "noted_ms": "5",
}
PROVENANCE = asdict(
    Provenance(
        source=Source.BUREAU, reason="a", legal_basis="b", created_by="c", created_at_s=1,
        approved_by="d", campaign="",
    )
)  # fmt: skip
SMALL_POLICY = """
version = "1"
[points]
medium = 2
high = 4
[[line]]
id = "talked"
says = "talked"
when = { talked_seconds_at_least = 60 }
points = 3
[[step]]
tier = "high"
channel = "voice"
within_minutes = 5
"""
IDENTITIES = """
revoked_tokens = ["a"]
[[identity]]
name = "gateway-1"
certificate = "dns:gateway-1.carrier.example"
roles = ["decider"]
regions = ["33"]
"""
COUNTIES = "city,county,weight\n杭州,西湖区,2\n"
GROUPS = "kind,value,group\nnumber,+8617000000001,elderly\nregion,33,key\n"
WARNINGS = f"reference,victim,means_kind,means,occurred_at\nr1,+8617000000001,caller,110,{NOW_MS}\n"
CASE_EVENT = CaseEvent(kind=EventKind.OPENED, at_ms=1, by="li", warning=a_warning())
JWK = issuer.public_jwk(issuer.token_key())
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def certificate() -> bytes:
    made = issuer.client(issuer.authority("a", now=NOW, days=9), "b.example", now=NOW, days=9)
    return made.certificate.public_bytes(Encoding.PEM)


def public_key() -> str:
    key = issuer.token_key().public_key()
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(Encoding.PEM, form).decode()


def stream_entry(fields: dict[str, str]) -> StreamEntry:
    return StreamEntry(id="1-0", fields=fields)


IN_STORE: list[tuple[str, Callable[[Any], object], st.SearchStrategy[Any]]] = [
    ("appeal", lambda given: serialization.read(1, given), fields_like(APPEAL)),
    (
        "appeal with parts of other forms",
        lambda given: serialization.read(1, APPEAL | given[0], [given[1]]),
        st.tuples(
            st.fixed_dictionaries(
                {
                    "outcome": json_like({"reason": "a", "lift": None}),
                    "lift": json_like({"version": 1, "removed": [[1, "a"]], "allowed": None}),
                    "subject": json_like({"kind": 1, "pattern": "a", "direction": 1}),
                }
            ),
            json_like({"at_ms": 1, "by": "li", "what": "taken", "note": ""}),
        ),
    ),
    (
        "snapshot of an entry",
        entry_snapshots.read,
        changed(entry_snapshots.written(an_entry("+8617000000001"))),
    ),
    (
        "provenance",
        lambda text: provenance.read(text.encode("utf-8", "replace")),
        json_like(PROVENANCE),
    ),
    ("case", cases.read_case, json_like({"id": "a", "victim": "b", "means": []})),
    ("event of a case", cases.read_event, damaged_text(cases.event_text(CASE_EVENT))),
    ("hit", hit_fields.decode, json_like(["channel", "CALL", "reason", "SCORED"])),
    (
        "notes of a segment",
        SegmentMetadata.read,
        st.dictionaries(st.sampled_from([b"fanzha.first_ms", b"fanzha.replaces"]), st.binary()),
    ),
]


def _of_settings_and_keys() -> list[Parser]:
    return [
        Parser("snapshot findings", findings.read,
               changed([[1, "unaudited", "why", 2, False]]), (BadColumns,)),
        Parser("model card", card.parse, changed({"version": "1", "channel": "call",
               "threshold": 0.5, "golden": [{"score": 0.1}], "score_histogram": [1]})
               .filter(lambda table: isinstance(table, dict)),
               (ValueError,)),
        Parser("JWKS", lambda text: jwks.read_keys(text.encode("utf-8", "replace")),
               json_like({"keys": [JWK]}), (ValueError,)),
        Parser("JWKS of bytes", jwks.read_keys, st.binary(max_size=20), (ValueError,)),
        Parser("identities file",
               lambda text: identities_file.read_identities(text.encode("utf-8", "replace")),
               toml_like(IDENTITIES) | st.just("identity = 5"), (ValueError,)),
        Parser("public keys", lambda text: keys.read_public(text, "x"),
               damaged_text(public_key()), (ValueError,)),
        Parser("certificate",
               lambda pem: CertificateIdentities(identities=lambda: NO_IDENTITIES).identity(pem),
               damaged_bytes(certificate()), (Unauthenticated,)),
        Parser("desired models", desired_models.read,
               json_like(asdict(desired_models.DesiredModel(active="2"))), (ValueError,)),
        Parser("clock", limits.read_clock, damaged_text("22:00"), (ValueError,)),
        Parser("opt-outs", limits.read_notices, damaged_text("advice,warning"), (ValueError,)),
    ]  # fmt: skip


def _of_messages_and_queries() -> list[Parser]:
    return [
        Parser("outgoing message", channel_stream.read, fields_like(OUTGOING), (InvalidInput,)),
        Parser("step of a message", lambda given: channel_stream.step_of(stream_entry(given)),
               fields_like(OUTGOING)),
        Parser("date noted of a message",
               lambda given: channel_stream.noted_ms(stream_entry(given)), fields_like(OUTGOING)),
        Parser("own hit",
               lambda given: own_hits.warning_of(given, now_ms=NOW_MS, max_age_ms=10**9),
               fields_like(HIT), (InvalidInput,)),
        Parser("URL of a webhook", address_filter.parse, damaged_text("https://a.example:8/b"),
               (InvalidInput,)),
        Parser("assigned region", lambda text: assignment.read(text, Region(city="330100")),
               damaged_text("330106") | texts, (InvalidInput,)),
        Parser("steps of a policy", plans.read,
               changed([{"tier": "high", "channel": "sms", "within_minutes": 5}]), (ValueError,)),
        Parser("policy", lambda text: tiers.parse(text, "x"), toml_like(SMALL_POLICY),
               (ValueError,)),
        Parser("warning templates", lambda text: template_files.read("x", text, "zh"),
               toml_like('version = "1"\n[frame.sms]\n'), (ValueError,)),
        Parser("condition on numbers",
               lambda text: Conditions(since_ms=0, number=text, sender=text).sql(HOME),
               damaged_text("+86170*"), (InvalidInput,)),
        Parser("condition on links",
               lambda text: Conditions(since_ms=0, host=text, link=text).sql(HOME),
               damaged_text("http://a.example/b"), (InvalidInput,)),
        *(Parser(f"{kind.value} of a backfill", partial(recipient_subject.read, HOME, kind),
                 damaged_text("+86170*") | texts, (InvalidInput,)) for kind in SubjectKind),
    ]  # fmt: skip


def _of_files(folder: Path) -> list[Parser]:
    return [
        Parser("counties", counties.load, files(damaged_text(COUNTIES), folder), (ValueError,)),
        Parser("groups", facts.load, files(damaged_text(GROUPS), folder), (ValueError,)),
        Parser("table of an administrator",
               lambda path: list(csv_rows.rows(path, ("a",), ("b",))),
               files(damaged_bytes(b"a,b\n1,2\n"), folder), (ValueError,)),
        Parser("file of warnings", lambda path: list(warning_files.rows(path)),
               files(damaged_text(WARNINGS) | damaged_text('{"reference": "1"}')
                     | st.binary(max_size=40), folder), (InvalidInput,)),
        *(Parser(f"file of reports: {sample[:8]}", partial(_reports, READER),
                 files(damaged_text(sample) | st.binary(max_size=40), folder), (InvalidInput,))
          for sample in REPORTS),
        Parser("file of sources", definitions.load,
               files(toml_like(SOURCES), folder), (InvalidConfiguration,)),
    ]  # fmt: skip


def parsers(folder: Path) -> list[Parser]:
    stored = [Parser(name, in_store(parse), inputs, (RECORD,)) for name, parse, inputs in IN_STORE]
    return [*_of_settings_and_keys(), *_of_messages_and_queries(), *_of_files(folder), *stored]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parsers")


NAMES = [one.name for one in parsers(Path())]


# What the library remarks about a certificate that is odd is no error of its reader.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_any_input_is_read_or_refused_with_the_documented_error(folder: Path, name: str) -> None:
    parser = next(one for one in parsers(folder) if one.name == name)

    @given(parser.inputs)
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    def fuzz(given_: Any) -> None:
        with suppress(*parser.errors):
            parser.parse(given_)

    fuzz()
