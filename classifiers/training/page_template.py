"""Fills the Markdown templates of the pages about models.

A template is a file beside the module that renders it. ``{name}`` is a placeholder as of
`str.format`; a brace of the text itself is written twice. A placeholder that stands alone between
blank lines may have an empty value: then its paragraph goes, and with it a heading that has
nothing else.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_ALONE = re.compile(r"\{([a-z_]+)\}")
_HEADING = "## "


def fill(template: Path, values: Mapping[str, object]) -> str:
    """Return the text of *template* with *values*; `ValueError` for a placeholder without one."""
    paragraphs = template.read_text(encoding="utf-8").split("\n\n")
    try:
        return "\n\n".join(_present(paragraphs, values)).format_map(values)
    except KeyError as error:
        raise ValueError(f"{template.name}: nothing to put for {{{error.args[0]}}}") from error
    except ValueError as error:
        raise ValueError(f"{template.name}: {error}; write {{{{ for a brace") from error


def _present(paragraphs: list[str], values: Mapping[str, object]) -> list[str]:
    sections: list[list[str]] = [[]]
    for paragraph in paragraphs:
        if paragraph.startswith(_HEADING):
            sections.append([])
        sections[-1].append(paragraph)
    remaining = [[one for one in section if not _is_empty(one, values)] for section in sections]
    return [
        one
        for section, rest in zip(sections, remaining, strict=True)
        if len(rest) == len(section) or len(rest) > 1 or not section[0].startswith(_HEADING)
        for one in rest
    ]


def _is_empty(paragraph: str, values: Mapping[str, object]) -> bool:
    alone = _ALONE.fullmatch(paragraph.strip("\n"))
    return alone is not None and values.get(alone[1]) == ""
