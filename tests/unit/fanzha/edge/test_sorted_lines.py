"""A sorted list of lines that changes a little at a time, compared with a dictionary."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from fanzha.edge.sorted_lines import BLOCK_LINES, SortedLines, differences, key_of

NAMES = st.text("abc.", min_size=1, max_size=4)
EDITS = st.dictionaries(NAMES, st.none() | st.integers(0, 9), max_size=30)


def line(name: str, value: int) -> bytes:
    return f"host\t{name}\tblock\t{value}\n".encode()


def key(name: str) -> bytes:
    return f"host\t{name}\tblock\t".encode()


def written(model: dict[str, int]) -> bytes:
    return b"".join(sorted(line(name, value) for name, value in model.items()))


@given(st.lists(EDITS, max_size=6))
def test_edits_have_the_result_they_have_on_a_dictionary(
    changes: list[dict[str, int | None]],
) -> None:
    lines, model = SortedLines(), dict[str, int]()

    for edits in changes:
        lines = lines.changed(
            {
                key(name): None if value is None else line(name, value)
                for name, value in edits.items()
            }
        )
        model |= {name: value for name, value in edits.items() if value is not None}
        for name in [name for name, value in edits.items() if value is None]:
            model.pop(name, None)

        assert b"".join(lines.blocks) == written(model)
        assert lines.sha256 == sha256(written(model)).digest()
        assert len(lines) == len(model)
        assert all(lines.get(key(name)) == line(name, value) for name, value in model.items())


@given(EDITS, EDITS)
def test_differences_make_one_list_out_of_another(
    before: dict[str, int | None], after: dict[str, int | None]
) -> None:
    old, new = (
        SortedLines.of(line(name, value) for name, value in model.items() if value is not None)
        for model in (before, after)
    )

    edits = differences(old, new)

    assert old.changed(edits).blocks == new.blocks or b"".join(
        old.changed(edits).blocks
    ) == b"".join(new.blocks)
    assert not differences(old.changed(edits), new)


def test_a_long_list_is_kept_in_blocks_that_a_change_shares() -> None:
    lines = SortedLines.of(line(f"n{number:05}", 0) for number in range(10 * BLOCK_LINES))

    after = lines.changed({key("n00300"): line("n00300", 1)})

    assert len(set(after.blocks) & set(lines.blocks)) == len(lines.blocks) - 1
    assert after.get(key("n00300")) == line("n00300", 1)
    assert lines.get(key("n00300")) == line("n00300", 0)


def test_lines_that_begin_alike_are_found_across_blocks() -> None:
    lines = SortedLines.of(line(f"n{number:05}", 0) for number in range(4 * BLOCK_LINES))

    found = list(lines.beginning_with(b"host\tn00"))

    assert [key_of(one) for one in found] == [key(f"n{number:05}") for number in range(1000)]


def test_many_new_lines_between_two_make_new_blocks() -> None:
    lines = SortedLines.of([line("a", 0), line("z", 0)])

    after = lines.changed({key(f"n{number}"): line(f"n{number}", 1) for number in range(2000)})

    assert len(after) == 2002
    assert list(after) == sorted(after)
    assert max(block.count(b"\n") for block in after.blocks) <= 2 * BLOCK_LINES
