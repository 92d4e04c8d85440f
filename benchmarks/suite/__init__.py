"""All benchmarks by one command, from a clean commit to the rendered page."""
