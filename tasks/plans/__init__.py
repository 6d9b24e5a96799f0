"""Plans: immutable versions, what makes them fire, and who is on the way through them.

Promises: a plan fires at most once per store zone and local day, an entry is one row however often its event arrives, running work finishes on the version
it started with.
"""
