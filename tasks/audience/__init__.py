"""Conditions: precisely whom an owner means, compiled to one SQL predicate.

Promises: one predicate serves the run, the preview, the segment, explain and the moot guard; there is no second implementation; a tree that does not fit
is refused with the path of the leaf; every value in a tree is a bind, never SQL.
"""
