"""What operators do: keys, configuration, status, and the runs that were asked for."""
