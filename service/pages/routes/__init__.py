"""Addresses that every site has: files, logging in, one's own account."""
