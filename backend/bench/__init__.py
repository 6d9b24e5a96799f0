"""Figures of speed, each against a floor or a peer measured in the same run: `huifang bench`.

Promises: every benchmark works in databases of its own on private servers in a temporary home, never in anybody's data, and nothing of it is
left however the run ends; a figure is a median of rounds in which work and floor take turns; a figure that misses its bar is said, not hidden.
One file in `measures/` is one figure.
"""
