"""The engine: frames and records in, frames and records out. No clock, network or database."""
