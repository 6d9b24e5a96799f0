"""The command line: `huifang …`, or `python -m backend.cli …`.

Promises: an error is one line that says what to do, and exit code 1 (2 for a wrong call); `--json` answers one JSON
document on standard output and nothing else; logs go to standard error; whatever ends a command, no server of ours is
left without an owner.
"""
