"""When things happen: the worker, the scheduler, and the leases they hold."""
