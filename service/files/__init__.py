"""Reads and writes files: products, households, baskets, forecasts, allocations, layouts."""
