"""What a phone sends: every write under the phone's own id, applied once and answered the same for ever after.

Promises: an action id is taken once per employee and never for another body; its verdict and its answer never change; a late one is kept, and what it
says of an instant before the last move changes nothing that came after.
"""
