"""What operators need: keys, configuration, status and requested runs."""
