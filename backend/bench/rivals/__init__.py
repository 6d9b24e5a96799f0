"""What else could serve a list: the fastest way there is, and what a typical team would write. Started by a benchmark, used by nothing."""
