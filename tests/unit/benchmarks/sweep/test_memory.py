"""What of a process's memory counts as list files."""

from pathlib import Path

from benchmarks.sweep import memory

SMAPS = """\
55d0c0a00000-55d0c0c00000 r-xp 00000000 08:01 42  /usr/bin/python3.11
Size:               2048 kB
Rss:                1024 kB
Pss:                 512 kB
7f2c40000000-7f2c44000000 r--s 00000000 08:01 77  /data/lists/base-1.lists
Size:              65536 kB
Rss:               32768 kB
Pss:               16384 kB
Pss_Dirty:             9 kB
7f2c50000000-7f2c50100000 r--s 00000000 08:01 78  /data/lists/old.lists (deleted)
Pss:                   8 kB
7f2c60000000-7f2c60100000 r--s 00000000 08:01 79  /data/admin-lists/base-1.lists
Pss:                4096 kB
7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0  [stack]
Pss:                  36 kB
"""


def test_only_mappings_in_the_folder_of_the_lists_count() -> None:
    assert memory.mapped_below(Path("/data/lists"), SMAPS) == (16384 + 8) * 1024


def test_a_process_that_maps_no_list_counts_nothing() -> None:
    assert memory.mapped_below(Path("/other"), SMAPS) == 0


def test_the_most_that_was_resident_is_read_from_the_status_of_a_process() -> None:
    status = "Name:\tpython\nVmPeak:\t 9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"

    assert memory.peak_bytes(status) == 2 * 1024**2
    assert memory.peak_bytes("Name:\tgone\n") == 0
