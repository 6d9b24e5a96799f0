"""What the books say of a customer's value and rhythm: RFM tier, churn level, overdue ratio.

Promises: computed set-based from the ledgers for everybody at once and for one customer after each event, with the same result; the tier and its day are
kept, and a movement is an event that plans can use.
"""
