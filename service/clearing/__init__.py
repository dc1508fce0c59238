"""Clearing as acts: agreements, claims, what settles them, disputes, and the check of the books."""
