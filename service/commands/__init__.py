"""The commands of `larder`, one module a concern."""
