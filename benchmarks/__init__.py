"""Measurements of the real program, each beside its floor: `python -m benchmarks [NAME]`."""
