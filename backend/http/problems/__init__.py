"""Every error a caller can see: one registry of codes, one mapper to RFC 9457 `application/problem+json`."""
