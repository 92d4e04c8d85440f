"""What a carrier would use instead, measured beside us: same work, same machine, in turn."""
