"""The table of respelt Chinese is what it says it is."""

import re

from classifiers.text.chinese_words import HALVES, SOUNDS, in_characters


def test_halves_are_two_characters_for_another_one() -> None:
    assert all(len(pair) == 2 and len(whole) == 1 for pair, whole in HALVES.items())
    assert all(whole not in pair for pair, whole in HALVES.items())


def test_sounds_are_latin_letters_for_chinese_words() -> None:
    assert all(re.fullmatch("[a-z]{4,20}", sound) for sound in SOUNDS)
    assert all(re.fullmatch("[\u4e00-\u9fff]{2,3}", word) for word in SOUNDS.values())


def test_the_longest_word_by_sound_is_read() -> None:
    assert in_characters("办yinhangka") == ("办银行卡", 1)
    assert in_characters("办yinhangkas") == ("办yinhangkas", 0)


def test_nothing_that_was_read_is_read_again() -> None:
    respelt = "请" + "、".join([*HALVES, *SOUNDS])

    reading, count = in_characters(respelt)

    assert count == len(HALVES) + len(SOUNDS)
    assert in_characters(reading) == (reading, 0)
