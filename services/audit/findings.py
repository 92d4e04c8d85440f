"""What a check of the log found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProblem:
    """Something is wrong with a line, or between it and the one before."""

    file: str
    line: int
    """Counted from 1; 0: the file as a whole."""
    sequence: int
    """Of the record; where that cannot be read, the one that should stand there. 0: unknown."""
    words: str


@dataclass(slots=True, kw_only=True)
class ChainReport:
    """What a check found."""

    problems: list[ChainProblem] = field(default_factory=list)
    more_problems: int = 0
    files: int = 0
    records: int = 0
    """Lines that are records, checkpoints among them."""
    checkpoints: int = 0
    first_sequence: int = 0
    last_sequence: int = 0
    head: str = ""
    last_time_ms: int = 0
    covered_to: int = 0
    """Sequence of the last checkpoint whose signature is good; 0: none."""
    covered_by: str = ""
    """Its reason."""
    key_ids: set[str] = field(default_factory=set)
    """Of the good signatures."""
    bad_list_changes: int = 0
    """Records of versions of the lists that were written past the log, or are bad otherwise."""
    times_back: int = 0
    """How often a record is older than the one before: somebody set the clock."""
    copies: int = 0
    """Copies of checkpoints that were found in the log."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def uncovered(self) -> int:
        """Records after the last good checkpoint: if they were cut off, it would not show."""
        return max(0, self.last_sequence - max(self.covered_to, self.first_sequence - 1))
