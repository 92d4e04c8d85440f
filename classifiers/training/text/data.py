"""Reads the labelled texts and splits them, near-duplicates together.

The label of a row is a set of classes: sources whose spam holds unlabelled fraud train
only "not ham". Sources of evaluation only are never in a training or validation split.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random

from classifiers.evaluation.labels import fraud_type_of
from classifiers.training.templates import builder
from classifiers.training.text import call_transcripts
from fanzha.fraud import FraudType

HAM, SPAM, FRAUD = range(3)
CLASSES = ("ham", "spam", "fraud")
LANGUAGES = ("zh", "en", "id", "th", "other")
TRAIN, VALIDATION, TEST = "train", "validation", "test"
OWN = "templates"
"""Our own messages; split by template."""

FILES = ("sms_zh.tsv.gz", "sms_en.tsv.gz", "sms_other.tsv.gz")
CALLS = "calls.tsv.gz"
EVALUATION_ONLY = frozenset({"telecom_fraud_texts"})
LICENCES = {
    "fbs": "none stated; source link and citation asked (CCS 2020, Lies in the Air)",
    "w80": "none stated",
    "msglog": "MIT",
    "inbox": "none stated",
    "nus": "none stated; citation asked (Chen and Kan 2013)",
    "livechat": "GPL-3.0",
    "spamhunter": "none stated",
    "spamhunter_labelled": "none stated",
    "uci": "CC BY 4.0 (UCI)",
    "mendeley": "CC BY 4.0 (Mendeley Data)",
    "indonesian_sms": "CC BY-SA 4.0",
    "indonesian_reports": "none stated",
    "thai_sms": "MIT",
    "turkish_sms": "MIT",
    "teleantifraud": "Apache-2.0 (synthetic calls)",
    OWN: "Apache-2.0, written for this project",
}
_FEW = 12
"""Fillings of a template that only measures, at most."""
_SPLIT_OF_TENTH = {0: TEST, 1: TEST, 2: VALIDATION, 3: VALIDATION}
_LOOSE_SPAM = frozenset({"spamhunter", "uci"})
"""Their spam means unwanted and includes fraud."""
_KINDS = {
    "FR:Phishing(Bank)": FraudType.FAKE_CUSTOMER_SERVICE,
    "银行诈骗": FraudType.FAKE_CUSTOMER_SERVICE,
}
"""Categories that only training reads in our terms: false banks serve their customers."""
_LOOSE_CATEGORIES = frozenset({"Lain-lain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """One labelled text."""

    source: str
    label: str
    split: str
    text: str
    language: int
    """Index in `LANGUAGES`."""
    allowed: tuple[bool, bool, bool]
    """Which of `CLASSES` the label leaves open."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    """The kind of fraud, where the source has it in our terms."""
    category: str = ""
    """What the source calls it."""
    place: int = 0
    """0…99, the same for all of a group."""
    group: str = ""
    """Near-duplicates, which are in one split; of our own messages the template."""


def read(folder: Path, seed: int, templates: int = 40) -> list[LabelledText]:
    """Read all labelled texts, and write *templates* messages from each of our own templates."""
    rows = [row for name in (*FILES, CALLS) for row in _read_file(folder / name)]
    return rows + list(_own(Random(seed), templates))  # noqa: S311  seeded on purpose


def _read_file(path: Path) -> Iterator[LabelledText]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        next(lines)
        for line in lines:
            _, source, language, label, category, group, text = line.rstrip("\n").split("\t")
            for one in _texts(path.name, source, label, text):
                yield labelled(
                    source=source,
                    label=label,
                    category=category,
                    group=group,
                    text=one,
                    language=language,
                )


def labelled(
    *, source: str, label: str, category: str, group: str, text: str, language: str
) -> LabelledText:
    """Build a row from a table; *group* selects its split."""
    return LabelledText(
        source=source,
        label=label,
        split=TEST if source in EVALUATION_ONLY else _split(group),
        text=text,
        language=_language(language),
        allowed=_allowed(source, label, category),
        fraud_type=_fraud_type(label, category),
        category=category,
        place=_place(group),
        group=group,
    )


def _texts(file: str, source: str, label: str, text: str) -> Iterator[str]:
    if file != CALLS:
        yield text
    elif source in call_transcripts.SOURCES:
        yield from call_transcripts.texts(text, label)


def _own(chance: Random, count: int) -> Iterator[LabelledText]:
    for label, kind, templates in (
        ("ham", FraudType.UNSPECIFIED, builder.ham_templates()),
        *(("fraud", *of_kind) for of_kind in builder.fraud_templates_by_type().items()),
    ):
        for template in templates:
            split = _split(template)
            for _ in range(count if split == TRAIN else min(count, _FEW)):
                text = builder.fill(template, chance)
                yield LabelledText(
                    source=OWN,
                    label=label,
                    split=split,
                    text=text,
                    language=_language(builder.language(template)),
                    allowed=_allowed(OWN, label, ""),
                    fraud_type=kind,
                    place=_place(template),
                    group=template,
                )


def _split(group: str) -> str:
    # By hash of the group alone: a group that spans sources or files stays together.
    tenth = int.from_bytes(blake2b(group.encode(), digest_size=4).digest()) % 10
    return _SPLIT_OF_TENTH.get(tenth, TRAIN)


def _place(group: str) -> int:
    return int.from_bytes(blake2b(group.encode(), digest_size=8).digest()[4:]) % 100


def _allowed(source: str, label: str, category: str) -> tuple[bool, bool, bool]:
    if label == "nonfraud":
        return True, True, False
    is_loose = label == "spam" and (source in _LOOSE_SPAM or category in _LOOSE_CATEGORIES)
    return label == "ham", label == "spam", label == "fraud" or is_loose


def _fraud_type(label: str, category: str) -> FraudType:
    if label != "fraud":
        return FraudType.UNSPECIFIED
    return _KINDS.get(category, fraud_type_of(category))


def _language(code: str) -> int:
    return LANGUAGES.index(code) if code in LANGUAGES else LANGUAGES.index("other")
