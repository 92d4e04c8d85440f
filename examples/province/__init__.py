"""A made-up province over two years: what `make demo-console` shows and the console is measured on.

Everything is seeded and written through the stores' own code. Nobody in it exists.
"""
