"""What lies where in the data folder, and what a parent tells its children."""

LISTS = "lists"
"""Folder of the list files of this host."""
ADMIN_LISTS = "admin-lists"
"""Folder of the list files of list administration."""
METRICS = "metrics"
"""Folder of the metrics pages of the workers."""
ENDPOINTS = "endpoints.json"
"""Where a running service can be found; gone when it has ended."""

NAME_VARIABLE = "FANZHA_WORKER_NAME"
"""Tells a child its name."""
