"""`make demo-console`: a bureau's console over a made-up province with two years behind it."""
