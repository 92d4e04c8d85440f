"""A gate takes the same examples whatever ran before in its process."""

import json
import subprocess
import sys

from tests.support.checkout import CHECKOUT

PROGRAM = """
import hashlib, json
from hypothesis import given, settings, strategies as st
from tests.support import fixed_examples

def drawn():
    found = []

    @settings(derandomize=True, database=None, deadline=None)
    @given(st.text(), st.integers(), st.floats())
    def take(text, integer, number):
        found.append(repr((text, integer, number)))

    take()
    return hashlib.sha256("".join(found).encode()).hexdigest()

fixed_examples.ignore_constants_of_modules()
before = drawn()
import fanzha.phone
print(json.dumps([before, drawn()]))
"""


def test_examples_do_not_depend_on_the_modules_that_are_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    assert before == after
