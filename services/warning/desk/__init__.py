"""The desk of a city or county, where dispatchers and officers handle cases."""
