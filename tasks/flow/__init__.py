"""The use cases that cross steps: each one function, each in the unit of work its caller opened.

Promises: whatever a use case causes (tasks closed as moot, tasks made, credit given) is in the same transaction as what caused it.
"""
