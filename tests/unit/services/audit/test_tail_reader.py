from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from services.audit import log_files, tail_reader
from services.audit.checkpoint_copies import CheckpointCopy
from services.audit.tail_reader import LogPosition, RecordFilter
from tests.support.audit_logs import MONTH_MS, a_chain, a_log, an_event, records_of
from tests.support.builders import NINE_O_CLOCK_MS


def everything(folder: Path, wanted: RecordFilter, size: int) -> list[int]:
    newest = log_files.files(folder)[-1]
    place: LogPosition | None = LogPosition(file=newest.name, offset=newest.stat().st_size)
    found = []
    while place is not None:
        page = tail_reader.page(folder, place, wanted, size)
        found += [record.sequence for record in page.records]
        place = page.older
    return found


@given(st.binary(max_size=40).map(lambda text: text.replace(b"\0", b"\n")), st.data())
def test_reading_backwards_reverses_the_lines(contents: bytes, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(contents)))
    expected = contents[:end].split(b"\n")
    if not expected[-1]:
        expected.pop()

    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(contents)
        found = list(log_files.lines_backwards(path, end))

    assert [line for _, line, _ in found] == expected[::-1]
    assert all(contents[at : at + len(line)] == line for at, line, _ in found)


def test_long_files_are_read_backwards_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "file"
    lines = [b"x" * (number % 5000) for number in range(200)]
    path.write_bytes(b"".join(line + b"\n" for line in lines))

    found = [line for _, line, _ in log_files.lines_backwards(path, path.stat().st_size)]

    assert found == lines[::-1]


@given(
    st.lists(st.integers(0, 30_000), max_size=40),
    st.sets(st.integers(0, 39)),
    st.booleans(),
)
def test_blocks_without_a_wanted_line_are_skipped_and_counted(
    sizes: list[int], wanted: set[int], ends: bool
) -> None:
    lines = [(b"!" if row in wanted else b".") + b"x" * size for row, size in enumerate(sizes)]
    text = b"\n".join(lines) + (b"\n" if ends and lines else b"")

    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(text)
        found = list(log_files.lines_backwards(path, len(text), lambda block: b"!" in block))

    marked = [line for line in reversed(lines) if line.startswith(b"!")]
    assert [line for _, line, _ in found if line.startswith(b"!")] == marked
    assert sum(1 + skipped for _, _, skipped in found) == len(lines)
    assert all(text[at : at + len(line)] == line for at, line, _ in found)


@given(st.integers(1, 7))
def test_pages_hold_all_records_newest_first(size: int) -> None:
    with TemporaryDirectory() as folder:
        paths = a_log(Path(folder), [4, 3, 2])
        found = everything(Path(folder), RecordFilter(), size)

        assert found == list(range(sum(len(records_of(path)) for path in paths), 0, -1))


def test_only_matching_records_are_found(tmp_path: Path) -> None:
    a_log(tmp_path, [4, 3])

    def subjects(wanted: RecordFilter) -> list[int]:
        return everything(tmp_path, wanted, 100)

    assert len(subjects(RecordFilter(kinds=frozenset({"change_applied"})))) == 7
    assert len(subjects(RecordFilter(kinds=frozenset({"checkpoint", "exported"})))) == 4
    assert len(subjects(RecordFilter(actor="li-2"))) == 1
    assert len(subjects(RecordFilter(subject="change:7"))) == 1
    assert len(subjects(RecordFilter(subject="change"))) == 0
    second = NINE_O_CLOCK_MS + MONTH_MS
    applied = frozenset({"change_applied"})
    assert len(subjects(RecordFilter(since_ms=second, kinds=applied))) == 3
    assert len(subjects(RecordFilter(until_ms=second, kinds=applied))) == 4
    newest = subjects(RecordFilter())[0]
    assert subjects(RecordFilter(after_sequence=newest - 3)) == [newest, newest - 1, newest - 2]


def test_a_copy_is_in_the_log_it_is_of(tmp_path: Path) -> None:
    paths = a_log(tmp_path, [4, 3])
    third = records_of(paths[0])[2]

    assert tail_reader.is_in_log(tmp_path, CheckpointCopy(sequence=3, hash=third.hash))
    assert not tail_reader.is_in_log(tmp_path, CheckpointCopy(sequence=3, hash="0" * 64))
    assert not tail_reader.is_in_log(tmp_path, CheckpointCopy(sequence=999, hash=third.hash))


texts = st.sampled_from(["li", 'a"b', "change:1", '"sequence":9,', '","time_ms":0}', "王", "\\"])


@given(st.lists(st.tuples(texts, texts, texts), max_size=8), texts, texts, st.integers(0, 9))
def test_an_indexed_search_finds_what_a_full_scan_finds(
    told: list[tuple[str, str, str]], actor: str, subject: str, after: int
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        chain = a_chain(folder)
        chain.open()
        for who, what, more in told:
            chain.append([an_event(what, actor=who, details={"note": more})])
        chain.close()
        record_filter = RecordFilter(actor=actor, subject=subject, after_sequence=after)

        found = everything(folder, record_filter, 3)

        records = [record for path in log_files.files(folder) for record in records_of(path)]
    assert found == [
        one.sequence
        for one in reversed(records)
        if one.actor == actor and one.subject == subject and one.sequence > after
    ]


def test_a_rare_actor_is_found_among_many_records_in_pages(tmp_path: Path) -> None:
    rare = {5, 700, 701, 1399}
    chain = a_chain(tmp_path)
    chain.open()
    chain.append(
        [an_event(actor="rare" if number in rare else "common") for number in range(1, 1401)]
    )
    chain.close()
    (path,) = log_files.files(tmp_path)
    by_hand = [one.sequence for one in records_of(path) if one.actor == "rare"]

    pages = [everything(tmp_path, RecordFilter(actor="rare"), size) for size in (1, 2, 3, 100)]

    assert len(by_hand) == 4
    assert pages == [by_hand[::-1]] * 4
