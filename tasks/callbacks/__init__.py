"""Callbacks: what the employee says happened, kept for ever, and what follows from it.

Promises: an action id is applied once and answered the same for ever after, a callback is never changed or lost, and each outcome does exactly what
engine.md says.
"""
