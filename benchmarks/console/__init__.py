"""The console at ten million entries and decisions: time and bytes of each page."""
