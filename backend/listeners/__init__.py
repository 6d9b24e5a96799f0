"""Those who wait for something to change, and how they hear of it.

Promises: who waits holds no database connection and a bounded amount of memory; a committed change wakes those of the same process at once and those of
others through Valkey, and where that is away a look at the revisions finds it within two seconds; who may not listen any more is sent away within five.
"""
