"""Puts a sizing of the province into its page of the documentation, between two comments."""

from benchmarks.capacity import page, simulated_day, sizing
from benchmarks.capacity.assumptions import Province
from benchmarks.capacity.unit_costs import UnitCosts
from benchmarks.report.figures import Results

PAGE = "explanation/capacity.md"
BEGIN, END = "<!-- capacity: fanzha bench report -->", "<!-- end of capacity -->"


def write(results: Results, text: str) -> str:
    """Return *text* with what stands between its comments replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} lacks {BEGIN} or {END}")
    province, costs = Province.read(), UnitCosts.of(results)
    needed = sizing.size(province, simulated_day.simulate(province), costs)
    lines = page.write(province, needed, costs, results)
    return "\n".join([f"{before}{BEGIN}", "", *lines, f"{END}{after}"])
