"""Judging forecasts: scores, baselines and diagrams."""
