"""Plain loops compiled to machine code, and the sums made of them in a fixed order."""
