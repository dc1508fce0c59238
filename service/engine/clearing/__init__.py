"""Clearing: what suppliers owe for the deals they fund, as pure records and functions."""
