"""What holds for every test: none asserts a time, those of hypothesis included."""

import os

from hypothesis import settings

# Processes that tests start would compile all our modules anew, each of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("fanzha", deadline=None)
settings.load_profile("fanzha")
