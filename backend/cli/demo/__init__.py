"""`huifang demo`: a salon in full swing, and the main job walked step by step over the real HTTP API.

Promises: everything is under a home of its own, which is emptied at every start, so no real data is ever touched; the
books are the same every time; whatever ends the demo, SIGKILL too, nothing of it keeps running.
"""
