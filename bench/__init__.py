"""Measurements: a floor (written first, as if it should win) and our path, alternating in the same run, and the ratio of the two."""
