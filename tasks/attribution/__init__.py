"""Who gets the credit for a booking, an arrival or a purchase, and how it is taken back.

Promises: each booking, visit and sale is credited at most once, to the last human contact before it inside the window.
"""
