"""Strategies of inputs that are nearly right: what parsers must read or refuse."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = ("²", "٣", "-1", "1e3", "NaN", "Infinity", "9" * 20, "9" * 5000, " 7", "0x1", "1_0")
"""Texts that one notion of a number takes and another does not."""
NESTED = "[" * 3000
"""Nested deeper than Python's recursion goes."""

texts = st.one_of(st.sampled_from(ODD_NUMBERS), st.text(max_size=20), st.text("0123456789+*.-:/"))
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.integers(-3, 300)
)
values = st.one_of(
    _scalars,
    st.lists(_scalars, max_size=3),
    st.dictionaries(texts, _scalars, max_size=3),
    st.lists(st.lists(_scalars, max_size=2), max_size=2),
)
"""What JSON can hold."""


@st.composite
def changed(draw: st.DrawFn, sample: Any) -> Any:
    """Return a JSON value of which one part was replaced, removed or added."""
    if isinstance(sample, Mapping) and sample and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(sample)))
        rest = {key: value for key, value in sample.items() if key != name}
        way = draw(st.integers(0, 5))
        if way == 0:
            return rest
        if way == 1:
            return dict(sample) | {draw(texts): draw(values)}
        return rest | {name: draw(changed(sample[name]))}
    if isinstance(sample, Sequence) and not isinstance(sample, str) and sample:
        place = draw(st.integers(0, len(sample) - 1))
        return [*sample[:place], draw(changed(sample[place])), *sample[place + 1 :]]
    return draw(values)


def json_like(sample: Any) -> st.SearchStrategy[str]:
    """Return JSON texts like *sample*, and texts that are no JSON."""
    return st.one_of(
        changed(sample).map(json.dumps),
        damaged_text(json.dumps(sample)),
        st.sampled_from(["", "null", "[]", "{}", NESTED, '"']),
    )


def fields_like(sample: Mapping[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """Return fields of texts like *sample*: some replaced, missing or new."""
    return st.builds(
        lambda fields, gone, more: {
            name: value for name, value in (fields | more).items() if name not in gone
        },
        st.fixed_dictionaries({name: st.just(value) | texts for name, value in sample.items()}),
        st.sets(st.sampled_from(sorted(sample)), max_size=1),
        st.dictionaries(texts, texts, max_size=1),
    )


@st.composite
def damaged_text(draw: st.DrawFn, sample: str) -> str:
    """Return *sample* with a part replaced."""
    start = draw(st.integers(0, len(sample)))
    end = start + draw(st.integers(0, 6))
    return sample[:start] + draw(st.text(max_size=4) | texts) + sample[end:]


@st.composite
def damaged_bytes(draw: st.DrawFn, sample: bytes) -> bytes:
    """Return *sample* with a part replaced."""
    start = draw(st.integers(0, len(sample)))
    end = start + draw(st.integers(0, 6))
    return sample[:start] + draw(st.binary(max_size=4)) + sample[end:]
