"""Measurements of infonet and of other estimators, in one run on one machine: ``python -m benchmarks``."""
