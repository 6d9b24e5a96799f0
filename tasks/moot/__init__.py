"""Whether a task is still needed: 已约 / 已到店 / 已充值 close it by themselves, in the transaction that learns of it.

Promises: only plans that say so are ended, never by the visit or order that started them; a task closes when its last reason does.
"""
