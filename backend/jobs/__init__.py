"""Background runs: what is due gets done, whoever dies meanwhile.

Promises: PostgreSQL is the queue of record and a sweep every few seconds finds what is due, so a wake-up that is
lost costs seconds and never a task. arq is a bell only, and `bell.py` is the only module that knows it. Any number of
workers may run at once.
"""
