"""Clearing for finance: what is due, claims, receipts, disputes, books, agreements."""
