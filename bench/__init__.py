"""Benchmarks, and the builder of the sample data."""
