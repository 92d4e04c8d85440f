"""What the page about the text model says of misses and false blocks on validation rows."""

ERRORS = """\
"""
