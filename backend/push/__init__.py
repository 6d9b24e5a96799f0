"""Who carries pushes: Firebase, the browsers' push services, the stores' group robots, or nobody but the log.

Promises: a provider is asked with open addresses and answers one word per message; nothing personal is in a message; nothing is asked of an address inside
the house; a provider that is down costs nobody anything, because the app finds everything without pushes.
"""
