"""Reports of a bureau about its cases."""
