"""What our own templates of legitimate messages promise."""

import re
from collections.abc import Iterator
from random import Random

from classifiers.training.templates import builder
from fanzha.links import find_links

ENOUGH = {"zh": 400, "en": 300, "id": 15, "th": 10, "other": 10}
FILLINGS = 3
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
AMERICAN = re.compile(r"\+1 \d{3} \d{3} \d{4}")


def fillings(templates: list[str]) -> Iterator[str]:
    chance = Random(11)
    for template in templates:
        for _ in range(FILLINGS):
            yield builder.fill(template, chance)


def test_every_language_has_enough_templates() -> None:
    counts = {code: len(of) for code, of in builder.ham_templates_by_language().items()}

    assert set(counts) == set(ENOUGH)
    assert {code: counts[code] for code in ENOUGH if counts[code] < ENOUGH[code]} == {}


def test_at_least_half_of_the_templates_need_no_link() -> None:
    templates = builder.ham_templates()

    without = [template for template in templates if "{link}" not in template]

    assert len(without) >= len(templates) / 2


def test_every_length_of_message_occurs() -> None:
    lengths = [len(text) for text in fillings(builder.ham_templates_by_language()["zh"])]

    assert min(lengths) < 12
    assert max(lengths) > 150


def test_nothing_of_a_choice_or_slot_is_left_in_a_legitimate_filling() -> None:
    assert not [text for text in fillings(builder.ham_templates()) if re.search("[{}|]", text)]


def test_links_in_legitimate_messages_end_in_reserved_names() -> None:
    texts = fillings(builder.ham_templates())

    hosts = {link.split("/")[2] for text in texts for link in find_links(text)}

    assert {host.rsplit(".", 1)[1] for host in hosts} == {"example", "test"}


def test_phone_numbers_in_legitimate_messages_are_not_in_use() -> None:
    texts = list(fillings(builder.ham_templates()))

    mobiles = [number for text in texts for number in MOBILE.findall(text)]
    americans = [number for text in texts for number in AMERICAN.findall(text)]

    assert mobiles
    assert americans
    assert all(number.startswith("17000000") for number in mobiles)
    assert all(number.startswith("+1 202 555 01") for number in americans)


def test_a_template_knows_its_language() -> None:
    known = {
        builder.language(template)
        for code, templates in builder.ham_templates_by_language().items()
        for template in templates
        if builder.language(template) == code
    }
    strangers = [builder.language(text) for text in ("您好", "สวัสดี", "Pay £5 now")]

    assert known == set(builder.ham_templates_by_language())
    assert strangers == ["zh", "th", "en"]


def test_sums_of_money_are_written_in_many_ways() -> None:
    chance = Random(5)

    written = {builder.fill("{money}", chance) for _ in range(200)}

    assert len({text.rstrip("0123456789,.") for text in written}) > 5


def test_a_message_speaks_of_one_currency() -> None:
    chance = Random(6)

    written = [builder.fill("{money} {money}", chance).split(" ") for _ in range(50)]

    assert all(
        first.rstrip("0123456789,.") == last.rstrip("0123456789,.") for first, last in written
    )
