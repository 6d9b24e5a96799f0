"""Log-in, rotating refresh tokens and API keys.

Promises: a reused refresh token revokes its family, a removed member is out within five seconds, and no stranger can lock anybody out.
"""
