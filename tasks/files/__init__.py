"""Photos, voice notes and chat screenshots of callbacks: announced, uploaded, sealed, shown to those who may see the task.

Promises: what is kept is what was announced, byte for byte and of the announced type; nobody reads it who holds only the place where it is kept; it cannot be
read any more once its customer was erased; and what was never uploaded is forgotten.
"""
