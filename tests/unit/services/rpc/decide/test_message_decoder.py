"""How requests become tables, whatever arrives."""

from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.tables import Ingress
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.message_decoder import MessageDecoder
from tests.support.builders import an_engine, an_entry

NOW_MS = 1_764_000_000_000
CALLER = "+8617000000001"
CALLEE = "+8619900000001"

reader = MessageDecoder(HomePlan("86"))


def test_numbers_are_read_as_chinese_switches_write_them() -> None:
    spellings = [CALLER, "008617000000001", "8617000000001", "17000000001", "017000000001"]

    calls = reader.calls([pb.Call(caller=text, callee=CALLEE) for text in spellings], NOW_MS)

    assert calls.callers.tolist() == [8617000000001] * 5
    assert not calls.errors


def test_an_absent_time_is_now() -> None:
    calls = reader.calls([pb.Call(caller=CALLER, callee=CALLEE)], NOW_MS)

    assert calls.attempted_at_ms.tolist() == [NOW_MS]


def test_the_error_of_a_row_names_the_field_and_fails_no_other() -> None:
    messages = [
        pb.Call(caller="", callee=CALLEE),
        pb.Call(caller=CALLER, callee="nobody"),
        pb.Call(caller=CALLER, callee=CALLEE, attempted_at_ms=-1),
        pb.Call(caller=CALLER, callee=CALLEE, trunk="t" * 65),
        pb.Call(caller=CALLER, callee=CALLEE),
        pb.Call(caller=CALLER, callee=CALLEE, handset="3" * 65),
        pb.Call(caller=CALLER, callee=CALLEE, handset="3", location_area="a" * 65),
    ]

    errors = reader.calls(messages, NOW_MS).errors

    assert {row: error.split(":")[0] for row, error in errors.items()} == {
        0: "caller",
        1: "callee",
        2: "attempted_at_ms",
        3: "trunk",
        5: "handset",
        6: "location_area",
    }


def test_handsets_and_areas_are_told_apart_and_not_kept() -> None:
    one, other = "35000000000001", "35000000000002"
    places = [(one, "28.1"), (other, "28.1"), (one, ""), ("", "")]

    calls = reader.calls(
        [pb.Call(caller=CALLER, callee=CALLEE, handset=h, location_area=a) for h, a in places],
        NOW_MS,
    )
    without = reader.calls([pb.Call(caller=CALLER, callee=CALLEE)], NOW_MS)

    assert calls.handsets is not None
    assert calls.location_areas is not None
    handsets, areas = calls.handsets.tolist(), calls.location_areas.tolist()
    assert handsets[0] == handsets[2] != handsets[1]
    assert areas[0] == areas[1] != 0
    assert (handsets[3], areas[2], areas[3]) == (0, 0, 0)
    assert one not in repr(calls)
    assert (without.handsets, without.location_areas) == (None, None)


def test_enums_of_a_later_version_are_read_as_not_known() -> None:
    call = pb.Call(caller=CALLER, callee=CALLEE)
    call.ingress = 2**31 - 1  # type: ignore[assignment]
    call.attestation = -7  # type: ignore[assignment]

    calls = reader.calls([call], NOW_MS)

    assert calls.ingress.tolist() == [Ingress.UNSPECIFIED]
    assert calls.attestations.tolist() == [0]


def test_sender_names_are_kept_since_keys_are_hashes() -> None:
    messages = [pb.Text(sender=sender, receiver=CALLEE, body="hi") for sender in ("Bank", "95588")]

    texts = reader.texts(messages, NOW_MS)

    assert texts.names == {0: "Bank"}


def test_the_first_8_kib_of_a_body_are_read() -> None:
    bodies = ["", "a" * 8192, "好 a" * 2048, "诈" * 2730, "诈" * 2731]

    texts = reader.texts(
        [pb.Text(sender="95588", receiver=CALLEE, body=body) for body in bodies], NOW_MS
    )

    assert sorted(texts.errors) == [0]
    assert texts.read_bytes == {2: 8190, 4: 8190}
    assert texts.bodies[2] == ("好 a" * 2048)[: len(texts.bodies[2])]
    assert [len(body.encode()) for body in texts.bodies] == [0, 8192, 8190, 8190, 8190]


def test_a_link_needs_a_host_and_a_subscriber_is_optional() -> None:
    messages = [
        pb.Link(url="HTTP://Bank.Example:80/a/../b"),
        pb.Link(url=""),
        pb.Link(url="http://"),
        pb.Link(url="x.example/" + "a" * 8192),
        pb.Link(url="x.example", subscriber="nobody"),
    ]

    links = reader.links(messages, NOW_MS)

    assert links.urls[0] == "http://bank.example/b"
    assert links.urls[3].startswith("http://x.example/aaa")
    assert links.read_bytes == {3: 8192}
    assert {row: error.split(":")[0] for row, error in links.errors.items()} == {
        1: "url",
        2: "url",
        4: "subscriber",
    }


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)


def a_message(kind: type, texts: list[str], number: int, time: int, fields: list[str]) -> object:
    message = kind()
    for field, text in zip(fields, texts, strict=False):
        setattr(message, field, text)
    time_field = next(name for name in kind.DESCRIPTOR.fields_by_name if name.endswith("_ms"))  # type: ignore[attr-defined]
    setattr(message, time_field, time)
    if "ingress" in kind.DESCRIPTOR.fields_by_name:  # type: ignore[attr-defined]
        message.ingress = number
    return message


@given(st.lists(st.tuples(anything, anything, anything, int32, int64), min_size=1, max_size=8))
def test_any_call_is_read_or_refused(rows: list[tuple[str, str, str, int, int]]) -> None:
    messages = [
        a_message(pb.Call, [a, b, c], number, time, ["caller", "callee", "trunk"])
        for a, b, c, number, time in rows
    ]

    calls = reader.calls(messages, NOW_MS)  # type: ignore[arg-type]

    assert len(calls) == len(rows)
    assert (calls.attempted_at_ms >= 0).all()


@given(st.lists(st.tuples(anything, anything, anything, int32, int64), min_size=1, max_size=8))
def test_any_text_is_read_or_refused(rows: list[tuple[str, str, str, int, int]]) -> None:
    messages = [
        a_message(pb.Text, [a, b, c], number, time, ["sender", "receiver", "body"])
        for a, b, c, number, time in rows
    ]

    texts = reader.texts(messages, NOW_MS)  # type: ignore[arg-type]

    assert len(texts.bodies) == len(rows)


@given(st.lists(st.tuples(anything, anything, int64), min_size=1, max_size=8))
def test_any_link_is_read_or_refused(rows: list[tuple[str, str, int]]) -> None:
    messages = [a_message(pb.Link, [a, b], 0, time, ["url", "subscriber"]) for a, b, time in rows]

    links = reader.links(messages, NOW_MS)  # type: ignore[arg-type]

    assert all(links.urls[row] or row in links.errors for row in range(len(rows)))


def test_a_listed_sender_is_blocked_however_long_its_text_is() -> None:
    engine = an_engine(an_entry("+8617000000001"))
    long = pb.Text(sender="+8617000000001", receiver=CALLEE, body="好" * 9000)

    decisions = engine.decide_texts(reader.texts([long], NOW_MS), NOW_MS // 1000)

    assert decisions.actions.tolist() == [Action.BLOCK]
    assert decisions.details[0].read_bytes == 8190
