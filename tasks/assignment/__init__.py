"""Who does it: the chain of personal links, today and the days after, then the pool, then the manager.

Promises: nobody gets more than their capacity of a day, nobody is on the roster's rest day, nobody is silently unassigned, and the same customers and staff
give the same assignment.
"""
