"""The inbox: CloudEvents in, each accepted once, refused with the field named, or kept until its customer is known.

Promises: an event is unique on merchant + source + id; what was acknowledged is stored; a bad item never costs the rest of its batch.
"""
