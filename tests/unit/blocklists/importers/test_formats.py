"""Every format reads what it stands for, and accounts for every other line."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, EntryKind, Source
from blocklists.importers.formats import READERS, detect
from blocklists.importers.list_format import Format
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow
from fanzha.decisions import Action
from fanzha.fraud import FraudType


def items(form: Format, text: str) -> list[Item]:
    return list(READERS[form](text.split("\n")))


def names(form: Format, text: str) -> list[str]:
    return [item.pattern for item in items(form, text) if isinstance(item, ListRow)]


def bad_lines(form: Format, text: str) -> list[int]:
    return [item.line for item in items(form, text) if isinstance(item, BadLine)]


def ignored(form: Format, text: str) -> Counter[str]:
    return Counter(item.what for item in items(form, text) if isinstance(item, Ignored))


NUMBERS = """# fraud, June
+8617000000001
170 0000 0002   # called forty people
+86170000*
95x88

010-55550199"""

DOMAINS = """# a list
bank-login.example
*.prize.example
.gift.example
Trailing.Example.
192.0.2.1
192.0.2.2:8080
https://shop.example/pay
*://*.wild.test/*
*://path.test/a/*
in*side.example
two names.example
x.example # why"""

HOSTS = """# hosts
127.0.0.1 localhost
::1 ip6-localhost ip6-loopback
0.0.0.0 a.example
127.0.0.1	b.example c.example # both
:: d.example
0.0.0.0 0.0.0.0
198.51.100.7 e.example
f.example"""

ADBLOCK = """[Adblock Plus]
! comment
||a.example^
||b.example^$all
||c.example/pay/x.apk$all
||d.example^$document,popup
@@||e.example^
f.example
192.0.2.9
|https://g.example/login|
||h.example^$third-party
||i.example^$domain=j.example
k.example##.banner
||*.l.example^
||m.example/*/n
.o.example^
||p.
/q.apk
n.example/r"""

DNSMASQ = """# dnsmasq
address=/a.example/#
address=/b.example/0.0.0.0
address=/c.example/
server=/d.example/
local=/e.example/f.example/
server=/g.example/#
server=/h.example/198.51.100.1
address=/i.example/198.51.100.2
port=53"""

UNBOUND = """server:
# unbound
local-zone: "a.example." always_null
local-zone: b.example refuse
local-zone: "c.example" transparent
local-zone: "d.example" typo
local-data: "e.example A 0.0.0.0"
local-data: "f.example. 60 IN AAAA ::"
local-data: "g.example A 198.51.100.3"
verbosity: 1"""

RPZ = """$TTL 60
$ORIGIN list.test.
@ IN SOA localhost. root.localhost. (
    1 ; serial
    60 60 60 60 )
 IN NS localhost.
; comment
a.example CNAME .
*.a.example CNAME .
b.example 30 IN CNAME *.
c.example CNAME rpz-passthru.
d.example CNAME rpz-drop.
e.example A 0.0.0.0
f.example.list.test. CNAME .
32.1.2.0.192.rpz-ip CNAME .
128.9.zz.db8.2001.rpz-ip CNAME .
24.0.2.0.192.rpz-ip CNAME .
32.1.2.0.192.rpz-client-ip CNAME .
g.example CNAME notice.test.
h.example CNAME rpz-tcp-only.
lonely"""

BIND = """// bind
zone "a.example" { type master; file "null"; };
zone "b.example" IN {
    type primary;
    file "null";
};
zone "c.example" { type forward; forwarders { 198.51.100.1; }; };
options { recursion no; };"""

JSON = """{
 "note": "ours",
 "allow": ["good.example"],
 "deny": [
  "a.example",
  "*.b.example",
  "c.example/pay",
  7
 ]
}"""

YAML = """---
- name: A
  url: http://a.example
  category: Phishing
  addresses:
    ETH:
    - "0x00"
- name: B
  url: 'https://b.example/x '
  description: >-
    long
    text
- name: C
  reporter: us
# end"""


@pytest.mark.parametrize(
    ("form", "text", "expected", "bad"),
    [
        (
            Format.NUMBERS,
            NUMBERS,
            ["+8617000000001", "170 0000 0002", "+86170000*", "010-55550199"],
            [5],
        ),
        (
            Format.DOMAINS,
            DOMAINS,
            ["bank-login.example", "prize.example", "gift.example", "Trailing.Example.",
             "192.0.2.1", "192.0.2.2:8080", "shop.example/pay", "wild.test",
             "path.test/a/", "x.example"],
            [11, 12],
        ),
        (Format.HOSTS, HOSTS, ["a.example", "b.example", "c.example", "d.example"], [8, 9]),
        (
            Format.ADBLOCK,
            ADBLOCK,
            ["a.example", "b.example", "c.example/pay/x.apk", "d.example", "e.example",
             "f.example", "192.0.2.9", "g.example/login"],
            list(range(11, 20)),
        ),
        (
            Format.DNSMASQ,
            DNSMASQ,
            ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example",
             "g.example"],
            [8, 9, 10],
        ),
        (
            Format.UNBOUND,
            UNBOUND,
            ["a.example.", "b.example", "c.example", "e.example", "f.example."],
            [6, 9, 10],
        ),
        (
            Format.RPZ,
            RPZ,
            ["a.example", "a.example", "b.example", "c.example", "d.example", "e.example",
             "f.example", "192.0.2.1", "[2001:db8::9]"],
            [17, 18, 19, 20, 21],
        ),
        (Format.BIND, BIND, ["a.example", "b.example"], [7, 8]),
        (Format.JSON, JSON, ["good.example", "a.example", "b.example", "c.example/pay"], [8]),
        (Format.YAML, YAML, ["http://a.example", "https://b.example/x"], [13]),
    ],
)  # fmt: skip
def test_each_line_is_an_entry_or_accounted_for(
    form: Format, text: str, expected: list[str], bad: list[int]
) -> None:
    assert names(form, text) == expected
    assert bad_lines(form, text) == bad


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Format.NUMBERS, NUMBERS), (Format.DOMAINS, DOMAINS), (Format.HOSTS, HOSTS),
        (Format.ADBLOCK, ADBLOCK), (Format.DNSMASQ, DNSMASQ), (Format.UNBOUND, UNBOUND),
        (Format.RPZ, RPZ), (Format.BIND, BIND), (Format.JSON, JSON), (Format.YAML, YAML),
    ],
)  # fmt: skip
def test_a_format_is_recognised(form: Format, text: str) -> None:
    assert detect(text.split("\n")) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("number,reason\n+8617000000001,x", Format.CSV),
        ("号码\t原因\n17000000001\tx", Format.CSV),
        ("2026-01-01 00:00:00,u,url,https://a.example/,#x", Format.CSV),
        ("tel:+8617000000001\n<sip:+8617000000002@ims.example>;tag=1", Format.NUMBERS),
        ("＋８６１７００００００００１\n０５７１ ９６１１０", Format.NUMBERS),
        ("# only comments\n# and more", Format.DOMAINS),
        ("", Format.DOMAINS),
        ("a.example\nb.example\n||c.example/x$all", Format.ADBLOCK),
        ("! filter list\na.example", Format.ADBLOCK),
        ("192.0.2.1\n192.0.2.2", Format.DOMAINS),
        ('["a.example"]', Format.JSON),
    ],
)
def test_the_format_is_recognised_by_contents(text: str, form: Format) -> None:
    assert detect(text.split("\n")) == form


def test_the_format_is_recognised_by_name_where_contents_are_ambiguous() -> None:
    assert detect([], "june.hosts.gz") == Format.HOSTS


def test_exceptions_allow() -> None:
    allowed = [
        item.pattern
        for form, text in (
            (Format.ADBLOCK, ADBLOCK), (Format.DNSMASQ, DNSMASQ), (Format.UNBOUND, UNBOUND),
            (Format.RPZ, RPZ), (Format.JSON, JSON),
        )
        for item in items(form, text)
        if isinstance(item, ListRow) and item.action == Action.ALLOW
    ]  # fmt: skip

    assert allowed == ["e.example", "g.example", "c.example", "c.example", "good.example"]


def test_lines_without_an_entry_are_counted_by_kind() -> None:
    assert ignored(Format.HOSTS, HOSTS) == {"comment": 1, "the machine's own name": 4}
    assert ignored(Format.RPZ, RPZ) == {"header": 6, "comment": 1}
    assert ignored(Format.NUMBERS, NUMBERS) == {"comment": 1, "blank": 1}
    assert ignored(Format.JSON, JSON) == {"member 'note'": 1}


def test_a_table_is_read_by_its_header() -> None:
    text = (
        "type,pattern,action,direction,fraud_type,source,reason,legal_basis,expires,campaign,x\n"
        'number,+8617000000001,block,from,fake_loan,carrier,"a, b",Art. 32,30d,spring,?\n'
        "url,shop.example/pay,allow,,,,,,,,\n"
        "range,+86170000*,,,,,,,,,"
    )

    header, *rows = items(Format.CSV, text)

    assert header == Ignored(1, "header; columns not used: x")
    assert rows == [
        ListRow(2, "+8617000000001", EntryKind.NUMBER, Action.BLOCK, Direction.FROM,
        FraudType.FAKE_LOAN,     Source.CARRIER, "a, b", "Art. 32", "30d", "spring"),
        ListRow(3, "shop.example/pay", EntryKind.URL_PREFIX, Action.ALLOW),
        ListRow(4, "+86170000*", EntryKind.RANGE),
    ]  # fmt: skip


def test_a_table_in_chinese_is_read_by_its_header() -> None:
    text = (
        "号码;诈骗类型;来源;原因;处置;方向;有效期\n"
        "'17000000001;虚假贷款;运营商;群众举报;拦截;主叫;90天"
    )

    _, row = items(Format.CSV, text)

    assert row == ListRow(
        2, "17000000001", EntryKind.NUMBER, Action.BLOCK, Direction.FROM, FraudType.FAKE_LOAN,
        Source.CARRIER, "群众举报", "", "90天",
    )  # fmt: skip


def test_a_table_without_a_header_is_read_by_its_types() -> None:
    text = (
        "2026-01-01 00:00:05,us,domain,a.example,#x,https://feed.test/1\n"
        "2026-01-01 00:00:06,us,url,https://a.example/p,#x,https://feed.test/1\n"
        "2026-01-01 00:00:07,us,md5,00112233445566778899aabbccddeeff,#x,https://feed.test/1"
    )

    found = items(Format.CSV, text)

    assert found[0] == ListRow(1, "a.example", EntryKind.HOST, reason="#x")
    assert found[1] == ListRow(2, "https://a.example/p", EntryKind.URL_PREFIX, reason="#x")
    assert isinstance(found[2], BadLine)


def test_bad_rows_of_a_table_do_not_stop_it() -> None:
    text = "number,action\n,block\n+8617000000001,maybe\n+8617000000002\n+8617000000003,block"

    assert bad_lines(Format.CSV, text) == [2, 3, 4]
    assert names(Format.CSV, text) == ["+8617000000003"]


def test_a_quote_that_is_never_closed_is_reported_and_does_not_swallow_the_file() -> None:
    rows = [f'+86170{number:08d},"ok"' for number in range(20_000)]
    rows[3] = '+8617099999999,"open'
    found = list(READERS[Format.CSV](["number,reason", *rows]))

    assert any(isinstance(item, BadLine) for item in found)
    assert sum(isinstance(item, ListRow) for item in found) > 3


def test_truncated_json_is_one_bad_line_after_the_complete_records() -> None:
    first, second = items(Format.JSON, '{"deny": [\n"a.example",\n')

    assert first == ListRow(2, "a.example", action=Action.BLOCK)
    assert isinstance(second, BadLine)


def test_json_records_are_read_by_their_members() -> None:
    text = '[\n{"number": "+8617000000001", "reason": "x"},\n{"y": 1}]'

    first, second = items(Format.JSON, text)

    assert first == ListRow(2, "+8617000000001", EntryKind.NUMBER, reason="x")
    assert isinstance(second, BadLine)


lines = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r'[|@!#$*"/.a-z0-9:{}\[\] ,=-]{0,40}', fullmatch=True),
    ).map(lambda text: text.replace("\n", " ")),
    max_size=20,
)


@given(st.sampled_from(list(READERS)), lines)
def test_any_text_is_read_by_every_reader(form: Format, text: list[str]) -> None:
    for item in READERS[form](text):
        assert 1 <= item.line <= len(text) + 1


@given(lines)
def test_any_text_has_a_recognised_format(text: list[str]) -> None:
    assert detect(text) in Format
