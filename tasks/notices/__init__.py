"""What staff are told beside their lists: notices in the app, and the pushes that hint at them.

Promises: a notice is written once for whatever it is about, a push is a row before it is a message, nothing personal stands in either (only counts and ids),
nobody is woken at night, and an address belongs to one log-in. Who carries a push is no business of this room (backend/push).
"""
