"""Which script variant for this task, its variables filled from the books, and a record of every text that was copied.

Promises: a variant that lacks a value is not offered, nothing relative to a day is stored rendered, and the exact copied text is kept sealed.
"""
