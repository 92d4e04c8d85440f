"""However a text is written, reading it takes time that is linear in its length."""

import subprocess
import sys

import pytest

from fanzha.hosts import listed_suffix
from fanzha.links import MAX_CANDIDATES, MAX_LINKS, extract_links, find_links
from tests.support.hostile_texts import FAMILIES


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_long_texts_are_read_in_linear_time_however_they_are_written() -> None:
    command = [sys.executable, "-m", "tests.support.hostile_texts"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert len(FAMILIES) > 36
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("a." * 4000 + "com.cn", "com.cn"),
        ("a." * 4000 + "b.ck", "b.ck"),
        ("a." * 4000 + "www.ck", "ck"),
        ("a." * 4000 + "nowhere", ""),
        (
            "a." * 4000 + "s3.dualstack.us-east-1.amazonaws.com",
            "s3.dualstack.us-east-1.amazonaws.com",
        ),
    ],
)
def test_the_suffix_of_a_long_host_is_that_of_its_end(host: str, suffix: str) -> None:
    assert listed_suffix(host) == suffix


def test_what_looks_like_a_link_is_looked_at_up_to_a_bound() -> None:
    decoys = "http://a, " * MAX_CANDIDATES

    assert extract_links(decoys[10:] + "http://evil.example/") == (["http://evil.example/"], False)
    assert extract_links(decoys + "http://evil.example/") == ([], True)


def test_whether_links_were_left_out_is_told() -> None:
    links = [f"http://a{number}.example/" for number in range(MAX_LINKS)]

    assert extract_links(" ".join(links)) == (links, False)
    assert extract_links(" ".join([*links, "b.example"])) == (links, True)
    assert find_links("您好") == []
