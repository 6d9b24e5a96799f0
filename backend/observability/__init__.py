"""What the product says about itself while it runs.

Promises: one line per thing that happened, named `noun.verb.outcome`, with counts and ids; never a name, a phone, a
text or a value of a row, whatever an exception or a library wanted to say.
"""
