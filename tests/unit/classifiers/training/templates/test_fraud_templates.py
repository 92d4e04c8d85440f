"""What our own fraud templates promise."""

import re
from collections.abc import Iterator
from random import Random

from classifiers.training.templates import builder
from fanzha.fraud import FraudType
from fanzha.links import find_links

ENOUGH = 15
"""Chinese templates of a kind."""
FILLINGS = 3
"""Messages looked at of each template, and how many must differ."""
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
AMERICAN = re.compile(r"\+1 \d{3} \d{3} \d{4}")


def fillings() -> Iterator[str]:
    chance = Random(7)
    for template in builder.fraud_templates():
        for _ in range(FILLINGS):
            yield builder.fill(template, chance)


def is_chinese(template: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in template)


def test_every_kind_of_fraud_has_enough_chinese_templates() -> None:
    by_type = builder.fraud_templates_by_type()

    counts = {kind: sum(map(is_chinese, templates)) for kind, templates in by_type.items()}

    assert set(counts) == set(FraudType)
    assert min(counts.values()) >= ENOUGH


def test_every_fraud_template_has_exactly_one_kind() -> None:
    by_type = builder.fraud_templates_by_type()

    templates = [template for kind in by_type.values() for template in kind]

    assert sorted(templates) == sorted(set(builder.fraud_templates()))


def test_fillings_of_a_template_differ() -> None:
    chance = Random(3)

    alike = [
        template
        for template in builder.fraud_templates()
        if "{" in template or "[" in template
        if len({builder.fill(template, chance) for _ in range(50)}) < FILLINGS
    ]

    assert not alike


def test_nothing_of_a_choice_or_slot_is_left_in_a_filling() -> None:
    assert not [text for text in fillings() if re.search(r"[{}|\[\]]", text)]


def test_a_message_comes_from_one_sender() -> None:
    filled = [builder.fill("{bank}、{bank}", Random(seed)) for seed in range(20)]

    assert all(len(set(text.split("、"))) == 1 for text in filled)
    assert len(set(filled)) > 1


def test_links_in_fraud_messages_end_in_reserved_names() -> None:
    hosts = {link.split("/")[2] for text in fillings() for link in find_links(text)}

    assert hosts
    assert {host.rsplit(".", 1)[1] for host in hosts} == {"example", "test"}


def test_phone_numbers_in_fraud_messages_are_not_in_use() -> None:
    texts = list(fillings())

    mobiles = [number for text in texts for number in MOBILE.findall(text)]
    americans = [number for text in texts for number in AMERICAN.findall(text)]

    assert mobiles
    assert all(number.startswith("17000000") for number in mobiles)
    assert all(number.startswith("+1 202 555 01") for number in americans)
