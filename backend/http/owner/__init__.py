"""Owners turn plans on and off, look before they do, and hand out keys. Promises: an edit names the version it saw, and only owners come in."""
