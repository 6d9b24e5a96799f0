"""Nobody is asked for anything: the system surface is open, so it says nothing about merchants."""
