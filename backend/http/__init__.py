"""HTTP: transport only. Handlers turn requests into calls of the flow and answers into Structs.

Promises: one request is one transaction, committed before the first byte of the answer; every error is a registered problem document; another
merchant's or store's thing is 404 and a role that may not is 403.
"""
