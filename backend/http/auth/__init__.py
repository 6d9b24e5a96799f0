"""Log-in, refresh, log-out and the own password. Promises: tokens are shown to their owner only, and never cached."""
