import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists import patterns
from blocklists.entries import EntryKind
from blocklists.entry_table import pattern_key
from fanzha.fingerprint import fingerprint
from fanzha.phone import HomePlan

PLAN = HomePlan()
IDN = "xn--" + "银行".encode("punycode").decode() + ".example"


def read_one(text: str, kind: int = 0) -> tuple[int, str]:
    found = patterns.read([text], np.array([kind], np.uint8), PLAN)
    return (int(found.kinds[0]), found.text(0)) if not found.errors else (0, found.errors[0])


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("+8617000000001", EntryKind.NUMBER, "+8617000000001"),
        ("170-0000-0001", EntryKind.NUMBER, "+8617000000001"),
        ("0086 170 0000 0001", EntryKind.NUMBER, "+8617000000001"),
        ("(010) 55550199", EntryKind.NUMBER, "+861055550199"),
        ("＋８６１７００００００００１", EntryKind.NUMBER, "+8617000000001"),
        ("95588", EntryKind.NUMBER, "95588"),
        ("tel:+86-170-0000-0001", EntryKind.NUMBER, "+8617000000001"),
        ('"Bank" <sip:+8617000000001@ims.example>', EntryKind.NUMBER, "+8617000000001"),
        ("+8617000000001@ims.example", EntryKind.NUMBER, "+8617000000001"),
        ("\u202a+86 17000000001\u202c", EntryKind.NUMBER, "+8617000000001"),
        ("sip:anonymous@anonymous.invalid", EntryKind.SENDER, "anonymous"),
        ("1069@shop.example/pay", EntryKind.URL_PREFIX, "shop.example/pay"),
        ("+86170*", EntryKind.RANGE, "+86170*"),
        ("1700*", EntryKind.RANGE, "+861700*"),
        ("1069*", EntryKind.RANGE, "1069*"),
        ("Bank", EntryKind.SENDER, "Bank"),
        ("示例银行", EntryKind.SENDER, "示例银行"),
        ("Bank-Login.Example", EntryKind.HOST, "bank-login.example"),
        ("*.bank.example", EntryKind.HOST, "bank.example"),
        ("bank.example.", EntryKind.HOST, "bank.example"),
        ("银行。example", EntryKind.HOST, IDN),
        ("192.0.2.1", EntryKind.HOST, "192.0.2.1"),
        ("192.0.2.1:8080", EntryKind.HOST, "192.0.2.1"),
        ("2001:db8::1", EntryKind.HOST, "[2001:db8::1]"),
        ("https://shop.example", EntryKind.HOST, "shop.example"),
        ("https://Shop.example/", EntryKind.HOST, "shop.example"),
        ("shop.example/", EntryKind.HOST, "shop.example"),
        ("https://shop.example/Pay?a=1#b", EntryKind.URL_PREFIX, "shop.example/Pay?a=1"),
        ("shop.example/pay/", EntryKind.URL_PREFIX, "shop.example/pay/"),
    ],
)
def test_a_pattern_has_one_kind_and_one_spelling(
    text: str, kind: EntryKind, canonical: str
) -> None:
    assert read_one(text) == (kind, canonical)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", 0), ("   ", 0), ("d41d8cd98f00b204e9800998ecf8427e", 0), ("bad_host..",
        EntryKind.NUMBER), ("a b.example", EntryKind.HOST), ("x.example/*", 0),
        ("shop.example/pay", EntryKind.HOST), ("170", EntryKind.RANGE), ("+8*", 0), ("12", 0),
        ("%zz.example", 0), ("\x00", EntryKind.SENDER), ("8.617E+12", 0), ("①①⓪1", 0),
        ("sip:alice@ims.example", 0),
    ],
)  # fmt: skip
def test_an_unreadable_pattern_is_refused_with_its_text(text: str, kind: int) -> None:
    found, message = read_one(text, kind)

    assert found == 0
    assert message.startswith("pattern: ")


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("10.0.0.0/8", EntryKind.URL_PREFIX, "10.0.0.0/8"),
        ("192.0.2/24", EntryKind.URL_PREFIX, "192.0.0.2/24"),
        ("2001:db8::/32", EntryKind.URL_PREFIX, ""),
        ("com", EntryKind.SENDER, "com"),
        ("com", EntryKind.HOST, "com"),
    ],
)
def test_what_may_be_meant_otherwise_is_read_only_as_an_explicit_kind(
    text: str, kind: EntryKind, canonical: str
) -> None:
    found, message = read_one(text)

    assert found == 0
    assert "or" in message
    assert "kind" in message
    if canonical:
        assert read_one(text, kind) == (kind, canonical)


def test_a_text_becomes_its_fingerprint_which_reads_as_itself() -> None:
    text = "您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"

    kind, written = read_one(text, EntryKind.FINGERPRINT)

    assert (kind, written) == (EntryKind.FINGERPRINT, fingerprint(text))
    assert read_one(written) == read_one(written, EntryKind.FINGERPRINT) == (kind, written)


@pytest.mark.parametrize("text", ["收到", "fp2:" + "0" * 64, "fp1:00", ""])
def test_a_text_without_a_fingerprint_is_refused_without_quoting_it(text: str) -> None:
    kind, message = read_one(text, EntryKind.FINGERPRINT)

    assert kind == 0
    assert message.startswith("pattern: no fingerprint: ")
    assert not text or text not in message


def test_a_sender_that_is_a_number_is_that_number() -> None:
    assert read_one("1069-012345", EntryKind.SENDER) == (EntryKind.SENDER, "1069012345")


def test_a_bad_pattern_leaves_the_others_alone() -> None:
    texts = ["+8617000000001", "!!", "bank.example", "", "Bank"]

    found = patterns.read(texts, np.zeros(5, np.uint8), PLAN)

    assert sorted(found.errors) == [1, 3]
    assert [found.text(row) for row in (0, 2, 4)] == ["+8617000000001", "bank.example", "Bank"]


texts = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[+]?[0-9 ()-]{1,16}\*?", fullmatch=True),
    st.from_regex(r"(https?://)?[a-z0-9.*:-]{1,30}(/[a-zA-Z0-9%?.*]{0,10})?", fullmatch=True),
)


@given(st.lists(st.tuples(texts, st.sampled_from([0, *EntryKind]))))
def test_reading_a_pattern_is_idempotent(rows: list[tuple[str, int]]) -> None:
    found = patterns.read(
        [text for text, _ in rows], np.array([kind for _, kind in rows], np.uint8), PLAN
    )

    for row in set(range(len(rows))) - found.errors.keys():
        kind, text = EntryKind(int(found.kinds[row])), found.text(row)
        assert read_one(text, kind) == (kind, text)
        assert pattern_key(kind, text) == (int(found.keys[row]), int(found.digits[row]))
