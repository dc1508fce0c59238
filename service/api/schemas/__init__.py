"""The wire form: money is whole minor units; every moment carries its offset."""
