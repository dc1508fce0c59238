"""The whole loop on the shipped sample, in one folder, in a minute."""
