"""Options and help texts of every command; what it does is imported when it is called, so that `--help` is quick."""
