"""Where the sealed bytes of attachments lie: a folder, or an S3-compatible store.

Promises: what is put is there whole or not at all, and survives a crash once it was said to be there; what lies there is unreadable without the keys.
"""
