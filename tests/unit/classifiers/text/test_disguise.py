"""Disguised texts read as people read them, and others stay as they are."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.text.disguise import disguised, undo
from fanzha.text import normalise_all
from tests.support.effort import examples

SENTENCES = (
    "congratulations you have won a free prize call now to claim your bonus",
    "your bank account was blocked please verify your name and identity",
    "we could not deliver your parcel because of an unpaid fee",
)
CHINESE = "恭喜您获得一等奖请加微信领取奖金"
EMOJI = ("😀", "🎁", "❤️", "👇🏽", "★", "🇨🇳")


def between_words(text: str, chance: Random) -> str:
    return re.sub(" ", lambda _: chance.choice(EMOJI), text)


def between_words_and_spaces(text: str, chance: Random) -> str:
    return re.sub(" ", lambda _: f" {chance.choice(EMOJI)} ", text)


def between_letters(text: str, chance: Random) -> str:
    return re.sub(r"\B(?=\w)", lambda _: chance.choice(EMOJI), text)


def spaced_out(text: str, _chance: Random) -> str:
    return " ".join(text.replace(" ", "  "))


def dotted(text: str, _chance: Random) -> str:
    return " ".join(".".join(word) if len(word) > 3 else word for word in text.split())


def in_digits(text: str, chance: Random) -> str:
    for letter, marks in (("a", "4@"), ("e", "3"), ("i", "1!"), ("o", "0")):
        text = re.sub(f"(?<=[a-z]){letter}(?=[a-z])", chance.choice(marks), text, count=2)
    return text


def in_pairs(text: str, _chance: Random) -> str:
    return text.replace("m", "rn").replace("w", "vv")


DISGUISES = (
    between_words,
    between_words_and_spaces,
    between_letters,
    spaced_out,
    dotted,
    in_digits,
    in_pairs,
)
Disguise = Callable[[str, Random], str]


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_disguise_does_not_change_the_normal_form(sentence: str, disguise: Disguise) -> None:
    hidden = disguise(sentence, Random(3))

    reading, places = undo(hidden)

    assert places > 0
    assert normalise_all([reading]) == normalise_all([sentence])


@given(st.lists(st.sampled_from(EMOJI), min_size=len(CHINESE), max_size=len(CHINESE)))
@settings(max_examples=examples(30))
def test_emoji_between_chinese_characters_do_not_change_the_normal_form(marks: list[str]) -> None:
    hidden = "".join(f"{character}{mark}" for character, mark in zip(CHINESE, marks, strict=True))

    # What stands at the end is decoration in earnest.
    assert undo(hidden) == (CHINESE + marks[-1], len(CHINESE) - 1)


@given(
    st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8), min_size=2, max_size=9),
    st.sampled_from(["", " "]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=examples(100))
def test_emoji_between_any_words_leave_their_letters(
    words: list[str], space: str, chance: Random
) -> None:
    hidden = words[0] + "".join(f"{space}{chance.choice(EMOJI)}{space}{word}" for word in words[1:])

    reading, _ = undo(hidden)

    assert re.sub("[^a-z]", "", reading) in _spellings("".join(words))


def _spellings(letters: str) -> set[str]:
    # Words may also be read in letters that only look like theirs.
    plain = {letters}
    for pair, letter in (("rn", "m"), ("vv", "w"), ("cl", "d")):
        plain |= {
            text[:place] + letter + text[place + 2 :]
            for text in plain
            for place in range(len(text))
            if text.startswith(pair, place)
        }
    return plain


@pytest.mark.parametrize(
    "text",
    [
        "See you at 5pm b4 the gr8 party, 2nite!!",
        "iPhone7 and top5 offers, only 100k left on page1 :D!",
        "Thanks 😀😀",
        "🎁 恭喜 ❤️",
        "x.x-x.x号 xxx x x x x",
        "It's 26°C, mid-week e-mail at http://a1b.example/c0de or info@sh0p.example",
        "The morning clerk turns north",
        "weixin is an app",
        "访问 weixin.example.com 或 kefu@weixin.example",
        "石家庄的力量，本月来",
        "",
        " ",
        "😀",
    ],
)
def test_what_is_no_disguise_stays_as_it_is(text: str) -> None:
    assert undo(text) == (text, 0)
    assert disguised([text]).rows == []


@pytest.mark.parametrize(
    ("hidden", "reading"),
    [
        ("F R E E  c a s h today", "FREE cash today"),
        ("fr33 m0ney t0 w1n", "free money to win"),
        ("ｆ😀ｒ😀ｅ😀ｅ", "free"),
        ("асс\u200b😀оunt", "account"),
        ("call 138😀0013😀8000", "call 13800138000"),
        ("5pm😀b4 you", "5pm b4 you"),
        ("get 🇫🇷🇪🇪🎁cash", "get 🇫🇷🇪🇪 cash"),
        ("your🇨🇳prize", "your prize"),
        ("请加Weixin 123456，领取jifen", "请加微信 123456，领取积分"),
        ("力口微亻言，到钅艮行转贝长", "加微信，到银行转账"),
        ("力😀口微亻言", "加微信"),
        ("Santan😀der's p@ssw0rd", "Santander's password"),
    ],
)
def test_disguises_are_undone(hidden: str, reading: str) -> None:
    assert undo(hidden)[0] == reading


ODD = ["acc", "0", "unt", "a", "b", " ", "  ", "😀", "❤️", "\u200b", "1", "$", "!", "free",
       "pr1ze", "rn", "vv", "cl", "é", "ｆ", "а", "中", "🇨", "'", ".", "x", "\n", "g.co", "to",
       "t0", "|", "weixin", "亻", "言", "请", "�", "\u0301", "\ud800", "\uf8fe"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(ODD), max_size=9).map("".join), max_size=4))
@example(["unt|1"])
@example(["@ccóunt"])
@example(["d311v3r", "p13@$e", "810ck3d", "1d3n7!7y"])
@settings(max_examples=examples(200))
def test_rows_are_chosen_exactly_where_there_is_a_disguise(texts: list[str]) -> None:
    found = disguised(texts)

    one_by_one = {row: undo(text) for row, text in enumerate(texts)}
    expected = {row: (text, places) for row, (text, places) in one_by_one.items() if places}
    pairs = zip(found.readings, found.places, strict=True)
    assert dict(zip(found.rows, pairs, strict=True)) == expected


@given(st.lists(st.sampled_from(ODD), max_size=12).map("".join))
@settings(max_examples=examples(200))
def test_a_reading_has_no_disguise_left(text: str) -> None:
    reading, _ = undo(text)

    assert undo(reading) == (reading, 0)


@given(st.text(st.characters()))
@settings(max_examples=examples(100))
def test_any_text_can_be_read(text: str) -> None:
    reading, places = undo(text)

    assert places > 0 or reading == text
    assert len(normalise_all([reading])) == 1


MARKS = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "l": "1"}


def half_in_digits(text: str, chance: Random) -> str:
    return "".join(
        chance.choice(MARKS[letter]) if letter in MARKS and chance.random() < 0.5 else letter
        for letter in text
    )


def all_in_digits(word: str) -> Iterator[str]:
    forms = map("".join, product(*(letter + MARKS.get(letter, "") for letter in word)))
    return (form for form in forms if form != word)


@pytest.mark.parametrize("word", sorted({word for text in SENTENCES for word in text.split()}))
def test_a_word_in_digits_is_read_if_it_is_long_or_half_of_its_letters_are_left(word: str) -> None:
    forms = {
        form
        for form in all_in_digits(word)
        if len(word) >= 7
        # What follows a word may be a number: no7, plea53.
        or (len(word) > 2 and form[-1].isalpha() and 2 * sum(map(str.isalpha, form)) >= len(form))
    }

    assert {form: undo(form)[0] for form in forms} == dict.fromkeys(forms, word)


@given(st.sampled_from(SENTENCES), st.integers(0, 2**32))
@example(SENTENCES[0], 9864)
@example(SENTENCES[2], 18504)
@settings(max_examples=examples(200))
def test_in_a_text_of_words_in_digits_all_are_read_but_numbers(sentence: str, seed: int) -> None:
    hidden = half_in_digits(sentence, Random(seed))

    reading = undo(hidden)[0].split()

    shown = hidden.split()
    readable = {one for one in shown if len(one) > 2 and undo(one)[1]}
    triples = zip(sentence.split(), shown, reading, strict=True)
    wrong = {one for word, one, read in triples if read != word}
    assert wrong <= {"4", "70"} if len(readable) >= 3 else wrong.isdisjoint(readable)


@pytest.mark.parametrize("price", ["£350", "$20", "5000", "3.50", "100k!", "24/7", "£1,000"])
def test_prices_and_numbers_stay_in_a_heavily_respelt_text(price: str) -> None:
    hidden = f"c0ngra7ulat10ns y0u have w0n a fr3e pr1ze of {price} ca11 n0w"

    reading, places = undo(hidden)

    assert places >= 3
    assert f" {price} " in reading


def test_few_respelt_words_are_no_licence_to_read_the_others() -> None:
    reading, places = undo("meet me at b4 then, pr1ze is !7 and 4u")

    assert places == 1
    assert "!7" in reading


@pytest.mark.parametrize(
    "text",
    [
        "call us on +1 202 555 0179 now to claim your prize",
        "my trainer owes you $1,600 in fees by 6/5, call in 3 days",
        "your account is on hold, pay 30 at www.pay.example/x to get it back",
    ],
)
def test_numbers_and_short_words_of_a_spaced_out_text_are_read(text: str) -> None:
    hidden = re.sub(r"(?<=[a-z])(?=[a-z])", " ", text.replace(" ", "   "))
    hidden = hidden.replace("w w w.p a y.e x a m p l e/x", "www.pay.example/x")

    reading, places = undo(hidden)

    assert places > 0
    assert normalise_all([reading]) == normalise_all([text])
