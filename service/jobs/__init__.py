"""Background work: the worker, the scheduler, and the leases that keep their processes apart."""
