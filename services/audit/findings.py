"""The result of verifying the audit log."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProblem:
    """A problem of one line, or between it and the line before."""

    file: str
    line: int
    """From 1; 0 for the file as a whole."""
    sequence: int
    """Of the record, or the expected one where it is unreadable; 0 when unknown."""
    words: str


@dataclass(slots=True, kw_only=True)
class ChainReport:
    """The result of verifying the audit log."""

    problems: list[ChainProblem] = field(default_factory=list)
    more_problems: int = 0
    files: int = 0
    records: int = 0
    """Lines that are records, checkpoints included."""
    checkpoints: int = 0
    first_sequence: int = 0
    last_sequence: int = 0
    head: str = ""
    last_time_ms: int = 0
    covered_to: int = 0
    """Sequence of the last checkpoint with a valid signature; 0 for none."""
    key_ids: set[str] = field(default_factory=set)
    """Key ids of the valid signatures."""
    bad_list_changes: int = 0
    """Number of BAD_LIST_CHANGE records."""
    times_back: int = 0
    """How often a record is older than the one before, because the clock was set back."""
    copies: int = 0
    """Number of copied checkpoints found in the log."""

    @property
    def good(self) -> bool:
        """Whether no problem was found."""
        return not self.problems

    @property
    def uncovered(self) -> int:
        """Records after the last valid checkpoint; their removal could not be detected."""
        return max(0, self.last_sequence - max(self.covered_to, self.first_sequence - 1))
