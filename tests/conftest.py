"""What holds for every test: none asserts a time, those of hypothesis included."""

from hypothesis import settings

settings.register_profile("fanzha", deadline=None)
settings.load_profile("fanzha")
