"""Integrators send books and events. Promises: every item is answered, a bad one costs only itself, and sending again changes nothing."""
