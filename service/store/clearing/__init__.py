"""Queries of clearing, by noun: accounts and agreements, claims, settlements, disputes, checks."""
