"""What the loader takes, and what it says of files it refuses."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers.training.templates import loader, slots
from classifiers.training.templates.loader import MessageTemplate
from fanzha.fraud import FraudType

ORDER = 'fraud = ["zh", "en"]\nham = ["zh.money"]\n'
FILES = {
    "order.toml": ORDER,
    "slots.toml": "",
    "fraud.zh.toml": '[short]\nROMANCE = ["约吗{contact}"]\n'
    'FAKE_LOAN = ["[贷款|借款]{link}", "黑户"]\n',
    "fraud.en.toml": '[short]\nROMANCE = ["""\n    Hi \\\n    dear\n    """]\n',
    "ham.zh.money.toml": 'bills = ["【{bank}】您好，[账单|]{amount}元"]\n',
}
SLOTS = '[one_per_message]\nbank = ["A"]\n[each_time]\ncity = ["B"]\n[digits]\ntail = "##"\n'
NAMES = frozenset({"bank", "contact", "link", "amount"})


def load(folder: Path, changed: Mapping[str, str]) -> tuple[MessageTemplate, ...]:
    for name, text in {**FILES, **changed}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return loader.load(folder, NAMES)


def test_templates_come_in_the_order_of_files_and_entries(tmp_path: Path) -> None:
    found = load(tmp_path, {})

    assert [(one.text, one.language, one.fraud_type) for one in found] == [
        ("约吗{contact}", "zh", FraudType.ROMANCE),
        ("[贷款|借款]{link}", "zh", FraudType.FAKE_LOAN),
        ("黑户", "zh", FraudType.FAKE_LOAN),
        ("Hi dear", "en", FraudType.ROMANCE),
        ("【{bank}】您好，[账单|]{amount}元", "zh", FraudType.UNSPECIFIED),
    ]
    assert [one.label for one in found] == ["fraud"] * 4 + ["ham"]


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("", "empty"),
        ("a\nb", "a line that does not end in"),
        ("[a||b]", "an empty choice"),
        ("[|a]", "an empty choice"),
        ("[|]", "an empty choice"),
        ("[a|b|a]", "stands there twice"),
        ("{nobody}", "no such slot: {nobody}"),
        ("{Bank}", "a lone or nested {"),
        ("{bank", "a lone or nested {"),
        ("bank}", "a lone or nested }"),
        ("[a|b", "a lone or nested ["),
        ("a|b", "a lone or nested |"),
        ("[a|[b|c]]", "a lone or nested ["),
        ("[a|{ba]nk}", "a lone or nested"),
        ("[{ba|{nk]}", "a lone or nested }"),
        ("黑户", "the same as fraud.zh.toml: short.FAKE_LOAN 2"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(
    tmp_path: Path, template: str, wrong: str
) -> None:
    text = f'[long]\nGAME_TRADE = ["fine", {json.dumps(template)}]\n'

    with pytest.raises(ValueError, match=re.escape(wrong)) as error:
        load(tmp_path, {"fraud.en.toml": text})

    assert str(error.value).startswith("fraud.en.toml: long.GAME_TRADE 2: ")


@pytest.mark.parametrize(
    ("file", "text", "wrong"),
    [
        ("fraud.en.toml", '[short]\nROMANTIC = ["a"]\n', "short.ROMANTIC: no kind of fraud"),
        ("fraud.en.toml", 'ROMANCE = ["a"]\n', "ROMANCE: not a table of kinds of fraud"),
        ("fraud.en.toml", "[short]\nROMANCE = []\n", "short.ROMANCE: not a list of templates"),
        ("fraud.en.toml", "[short]\nROMANCE = [1]\n", "short.ROMANCE 1: no text"),
        ("fraud.en.toml", "[short\n", "line 1"),
        ("ham.zh.money.toml", '[bills]\nROMANCE = ["a"]\n', "bills: not a list of templates"),
        ("order.toml", ORDER + "other = []\n", "has the lists fraud and ham"),
        ("order.toml", 'fraud = ["zh", "en"]\nham = []\n', "does not list ham.zh.money.toml"),
        ("order.toml", ORDER.replace('"en"', '"en", "th"'), "lists fraud.th.toml, which is not"),
        ("order.toml", ORDER.replace('"en"', '"en", "en"'), "more than once: fraud.en.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(
    tmp_path: Path, file: str, text: str, wrong: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)) as error:
        load(tmp_path, {file: text})

    assert str(error.value).startswith(f"{file}: ")


def test_a_file_of_no_known_language_is_refused(tmp_path: Path) -> None:
    order = ORDER.replace('"zh.money"', '"zh.money", "xx"')

    with pytest.raises(ValueError, match=re.escape("order.toml: xx: no name such as zh.money")):
        load(tmp_path, {"order.toml": order, "ham.xx.toml": 'bills = ["a"]\n'})


pieces = st.sampled_from(
    ["[", "]", "|", "{", "}", "{bank}", "{x}", "a", "贷", "[a|b]", "[c|{link}]"]
)


@example("[{}]")
@example("[{}|a]")
@given(st.lists(pieces, min_size=1, max_size=8).map("".join))
def test_what_is_taken_can_be_filled_and_leaves_no_marks(
    tmp_path_factory: pytest.TempPathFactory, template: str
) -> None:
    folder = tmp_path_factory.mktemp("templates", numbered=True)
    try:
        load(folder, {"fraud.en.toml": f"[one]\nROMANCE = [{json.dumps(template)}]\n"})
    except ValueError as error:
        assert str(error).startswith("fraud.en.toml: one.ROMANCE 1: ")  # noqa: PT017
        return

    chosen = loader.CHOICE.sub(lambda match: match[1].split("|")[0], template)
    left = loader.SLOT.sub("x", chosen)
    assert not re.search(r"[{}|]", left)
    assert left.count("[") == left.count("]")


def test_every_slot_that_is_known_has_a_value(tmp_path: Path) -> None:
    file = tmp_path / "slots.toml"
    file.write_text(SLOTS, encoding="utf-8")

    assert {"bank", "city", "tail", "link", "money", "time"} <= slots.read(file).names


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ("[digits]", "[numbers]", "has the tables"),
        ('["B"]', "[]", "[each_time] city: not a list"),
        ('["B"]', '["B", " "]', "[each_time] city: a word that is empty"),
        ('["B"]', '["B", "B"]', "[each_time] city: a word stands there twice"),
        ("city", "bank", "[each_time] bank: twice"),
        ("tail", "link", "[digits] link: twice"),
        ("bank", "Bank", "[one_per_message] Bank: twice, or no name"),
        ('"##"', "1", "[digits] tail: a word that is empty"),
        ("[digits]", "[digits", "line"),
    ],
)
def test_wrong_slots_are_refused_with_their_place(
    tmp_path: Path, before: str, after: str, wrong: str
) -> None:
    file = tmp_path / "slots.toml"
    file.write_text(SLOTS.replace(before, after), encoding="utf-8")

    with pytest.raises(ValueError, match=re.escape(wrong)) as error:
        slots.read(file)

    assert str(error.value).startswith("slots.toml: ")
