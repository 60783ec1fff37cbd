"""Measurements, as ratios of interleaved runs. `make bench` runs them all."""
