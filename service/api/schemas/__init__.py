"""Bodies and answers: money is in whole minor units; every timestamp has an offset."""
