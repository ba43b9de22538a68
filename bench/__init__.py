"""Benchmarks: `make bench`. Each figure is measured against a bound and printed with it."""
