"""What follows from how cases end: for list entries, sources and training."""
