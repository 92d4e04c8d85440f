"""What lies where in the data folder, and what a parent tells its children."""

APPEALS = "appeals"
"""Folder of the documents that appellants hand in."""
LISTS = "lists"
"""Folder of the list files of this host."""
ADMIN_LISTS = "admin-lists"
"""Folder of the list files of list administration."""
AUDIT = "audit"
"""Folder of the audit log, unless the settings name another."""
METRICS = "metrics"
"""Folder of the metrics pages of the workers."""
SIBLINGS = "siblings"
"""Folder of the sockets through which workers tell each other of ended calls."""
DECISIONS = "decisions"
"""Folder of the decision log, unless the settings name another."""
VALKEY = "valkey"
"""Folder of the embedded Valkey."""
MODELS = "models.json"
"""The copy of which models are wanted."""
ENDPOINTS = "endpoints.json"
"""Where a running service can be found; gone when it has ended."""

OURS = (
    APPEALS,
    LISTS,
    ADMIN_LISTS,
    AUDIT,
    METRICS,
    SIBLINGS,
    DECISIONS,
    VALKEY,
    MODELS,
    ENDPOINTS,
)
"""All that we write into the data folder."""

NAME_VARIABLE = "FANZHA_WORKER_NAME"
"""Tells a child its name."""
