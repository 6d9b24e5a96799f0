"""`huifang doctor`: what is wrong with this installation, and what to do about it.

Promises: every check answers one finding, `ok`, `warn` or `fail`; a check that cannot be made says so and hides no
other; nothing is changed.
"""

from backend.cli.doctor.examine import Diagnosis, examine
from backend.cli.doctor.finding import Finding, Level

__all__ = ["Diagnosis", "Finding", "Level", "examine"]
