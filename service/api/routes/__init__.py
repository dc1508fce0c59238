"""Routes, one module per caller."""
