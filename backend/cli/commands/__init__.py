"""The options and help texts of every command; what a command does is imported when it is called, so `--help` is quick."""
