"""What goes wrong with the private servers."""


class EmbeddedError(RuntimeError):
    """The private servers cannot be had; the message says what to do."""
