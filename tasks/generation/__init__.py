"""Plan × customers → decisions and tasks, set-based and in chunks.

Promises: everybody who matched has one decision with its reason, nobody gets two tasks for the same thing whatever crashes, a committed chunk is never done
again, and a worker that lost its lease writes nothing.
"""
