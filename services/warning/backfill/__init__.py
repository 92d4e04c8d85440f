"""Warning everybody whom something reached before it was confirmed."""
