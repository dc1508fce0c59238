"""The service desk: what became of each line of a receipt or a list, goodwill, and households."""
