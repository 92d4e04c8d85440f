"""Names of files and folders in the data folder, and the variable that names a child process."""

APPEALS = "appeals"
"""Folder of the documents that appellants hand in."""
LISTS = "lists"
"""Folder of the list files of this host."""
ADMIN_LISTS = "admin-lists"
"""Folder of the list files of list administration."""
REDO = "list-redo"
"""Folder of the changes of the lists that the store acknowledged."""
AUDIT = "audit"
"""Folder of the audit log, unless the settings name another."""
METRICS = "metrics"
"""Folder of the metrics pages of the workers."""
SIBLINGS = "siblings"
"""Folder of the sockets through which workers exchange ended calls."""
REQUEST_IDS = "request-ids"
"""Table of answers by request id, shared by the workers."""
REVIEWS = "reviews"
"""How much the workers put up for review in this minute."""
DECISIONS = "decisions"
"""Folder of the decision log, unless the settings name another."""
HANDSET_KEY = "handset-key"
"""Key of the hashes that the decision log keeps of handsets, unless the settings name another."""
VALKEY = "valkey"
"""Folder of the embedded Valkey."""
MODELS = "models.json"
"""The local copy of the desired models."""
CARRIER_POLICY = "carrier-policy.json"
"""The local copy of the carrier policy."""
ENCODER = "sentence-encoder.table"
"""The largest table of the sentence encoder, as it is in memory: kept for a quick start."""
SOURCES = "sources"
"""Folder of files that were pulled from sources, while they are read."""
ENDPOINTS = "endpoints.json"
"""Addresses of a running service; deleted when it stops."""

OURS = (
    APPEALS,
    LISTS,
    ADMIN_LISTS,
    REDO,
    AUDIT,
    METRICS,
    SIBLINGS,
    REQUEST_IDS,
    REVIEWS,
    DECISIONS,
    HANDSET_KEY,
    VALKEY,
    MODELS,
    CARRIER_POLICY,
    ENCODER,
    SOURCES,
    ENDPOINTS,
)
"""Everything in the data folder that is written by Fanzha."""

NAME_VARIABLE = "FANZHA_WORKER_NAME"
"""Environment variable with the name of a child process."""
