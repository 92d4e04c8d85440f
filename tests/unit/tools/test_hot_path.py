"""What counts as a line of code on the path of a decision."""

from tools.hot_path import c_lines, python_lines

PYTHON = '''"""A module."""

import os  # why


def add(
    one: int,
    two: int,
) -> int:
    """Add.

    Really.
    """
    # A comment.
    if one:

        return one + two
    return two


X = """
a text that is no docstring
"""
'''


def test_blank_lines_comments_and_docstrings_are_no_code() -> None:
    assert python_lines(PYTHON) == 1 + 4 + 3 + 3


def test_comments_of_c_are_no_code() -> None:
    source = "/* A kernel,\n   at length. */\n\nint one(void) {  // why\n    return 1;\n}\n"

    assert c_lines(source) == 3
