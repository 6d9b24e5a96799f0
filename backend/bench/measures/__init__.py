"""The figures there are: one file, one `BENCHMARK`."""
