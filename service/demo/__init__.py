"""A demonstration: the whole loop on the shipped sample, in one folder, in about a minute."""
