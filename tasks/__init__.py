"""The follow-up flow of Huifang: from what customers did to what staff did about it.

Twelve numbered steps from `events` to `stats`, each a package that imports only the ones below it. The flow takes a database session and a clock and
knows nothing of HTTP, Redis or Firebase.
"""
