import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.warning.messages.linter import ALLOWED, LintRule, faults


def kinds(text: str) -> set[str]:
    return {fault.kind.value for fault in faults(text)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("详情访问 http://bank.example/a", "link"),
        ("访问 evil.test", "link"),
        ("访问ｅｖｉｌ．ｔｅｓｔ", "link"),
        ("访问evil点com", "link"),
        ("访问 evil [.] com", "link"),
        ("例子.中国", "link"),
        ("192.0.2.1", "link"),
        ("有事打13800138000", "number"),
        ("有事打１３８００１３８０００", "number"),
        ("有事打1 3 8-0 0 1 3 8 0 0 0", "number"),
        ("有事打一三八零零一三八零零零", "number"),
        ("有事打壹叁捌零零壹叁捌零零零", "number"),
        ("有事打①③⑧⓪⓪", "number"),
        ("有事打1️⃣3️⃣8️⃣0️⃣0️⃣", "number"),
        ("有事打١٣٨٠٠", "number"),
        ("l38OO138OOO", "number"),
        ("one three eight zero zero", "number"),
        ("+1 202 555 0100", "number"),
        ("短号95588", "number"),
        ("12381", "number"),
        ("打玖伍伍捌捌", "number"),
        ("110 13800", "number"),
        ("微信abc12345", "account"),
        ("ＱＱ：12345678", "account"),
        ("v x: abcdefg", "account"),
        ("WeChat id: helper", "account"),
        ("police@bureau.example", "address"),
        ("@fanzha", "address"),
        ("police (at) bureau", "address"),
        ("请加我微信", "invitation"),
        ("請加我", "invitation"),
        ("请 加 我 微 信", "invitation"),
        ("請*回*復", "invitation"),
        ("請掃碼", "invitation"),
        ("微 信 号 abc12345", "account"),
        ("不要犹豫，加微信", "invitation"),
        ("不要犹豫加我", "invitation"),
        ("请回复T退订", "invitation"),
        ("请尽快回拨", "invitation"),
        ("致电客服", "invitation"),
        ("请拨打此号码", "invitation"),
        ("请联系警官", "invitation"),
        ("扫码进群", "invitation"),
        ("Reply YES to confirm", "invitation"),
        ("Please call us", "invitation"),
        ("Please call back", "invitation"),
        ("Call 12381", "invitation"),
        ("验证\u200b码", "invisible"),
        ("验证\u202e码", "invisible"),
        ("x" * 5000, "length"),
    ],
)
def test_forbidden_contents_are_found(text: str, kind: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "咨询请拨打96110，报警请拨打110。",
        "拨打 9 6 1 1 0",
        "拨打９６１１０",
        "拨打幺幺零",
        "不要回拨，不要加对方微信，不要点击链接。",
        "2026年11月25日14时，损失5000元。",
        "Do not call back. Do not reply. If you have paid, call 110. Ask 96110.",
        "The call was a fraud. Stop now. Tell your family.",
        "公安机关不会通过电话做笔录。",
        "",
    ],
)
def test_permitted_contents_pass(text: str) -> None:
    assert faults(text) == []


def test_a_fault_has_position_and_reason() -> None:
    [fault] = faults("咨询１３８００，谢谢")

    assert (fault.kind, fault.start, fault.end, fault.found) == (
        LintRule.NUMBER,
        2,
        7,
        "１３８００",
    )
    assert str(fault) == "at 3: '１３８００': no number or short code but 110 and 96110"


WRITINGS = [
    "0123456789",
    "０１２３４５６７８９",
    "零一二三四五六七八九",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "٠١٢٣٤٥٦٧٨٩",
]
numbers = st.text("0123456789", min_size=5, max_size=13).filter(
    lambda number: number not in ALLOWED and number.replace("96110", "").replace("110", "")
)


@given(numbers, st.data(), st.sampled_from(["", " ", "-", ".", "  ", "、"]))
def test_no_number_passes_however_its_digits_are_written(
    number: str, data: st.DataObject, between: str
) -> None:
    written = [data.draw(st.sampled_from(WRITINGS))[int(digit)] for digit in number]
    # Pieces that are allowed numbers each are what a warning may say.
    apart = between.join(written)

    assert faults(f"请拨打{apart}核实")


hosts = st.from_regex(r"[a-z]{1,8}\.(com|cn|top|vip|example|test)", fullmatch=True)


@given(
    hosts, st.sampled_from([".", "．", "点", " . ", "[.]", "。"]), st.sampled_from(["", "去", "a "])
)
def test_no_link_passes_however_its_dot_is_written(host: str, dot: str, before: str) -> None:
    assert faults(f"{before}{host.replace('.', dot)}")


@given(st.text(max_size=80))
def test_any_text_is_judged_and_faults_lie_in_it(text: str) -> None:
    for fault in faults(text):
        assert 0 <= fault.start < fault.end <= len(text)
        assert text[fault.start : fault.end].startswith(fault.found)
