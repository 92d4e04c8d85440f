"""Names of environment variables, apart from the settings, which take long to import.

A setting ``listen_port`` is the variable ``FANZHA_LISTEN_PORT``.
"""

PREFIX = "FANZHA_"
CONFIG_VARIABLE = "FANZHA_CONFIG"
"""Names the TOML file."""
OTHER_VARIABLES = (
    *("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WARNING_TARGET"),
    *("FANZHA_SERVER", "FANZHA_PROFILE", "FANZHA_WORKER_NAME", "FANZHA_LANGUAGE"),
    *("FANZHA_TOKEN", "FANZHA_TOKEN_FILE"),
    *("FANZHA_TLS_CA", "FANZHA_TLS_CLIENT_CERTIFICATE", "FANZHA_TLS_CLIENT_KEY"),
)
"""Variables read by commands, clients and child processes, outside `Settings`."""
