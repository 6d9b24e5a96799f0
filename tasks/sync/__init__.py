"""What a phone shows is what the database says, however bad the reception.

Promises: whoever keeps asking with the cursor of the last answer misses no committed change and is told of everything they must let go of; a cursor is good
for who it was made for, on one device, for thirty days, and while the stores and the role stay the same.
"""
