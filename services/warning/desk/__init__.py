"""The desk of a city or county, where people deal with cases."""
