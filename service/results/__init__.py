"""What the money did: outcomes counted after each cycle, and the reports made of them."""
