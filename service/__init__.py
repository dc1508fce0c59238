"""Larder: shopping lists that know what each household needs next."""
