"""Which merchants have something to tell or to send: SQL for everybody, and so by ids only."""

from typing import Final

CALM_S: Final = 5
"""A merchant whose tasks change all the time is looked at this often, in seconds of the database's own clock."""

PUSH_DUE: Final = f"""
select p.merchant_id from push p where p.state = 'queued' and p.next_at <= {{now}}
union select p.merchant_id from push p where p.state = 'sending' and p.lease_until < clock_timestamp()
union select l.merchant_id from push_look l where l.due_at <= {{now}}
union select r.merchant_id from store_revision r join push_look l on l.merchant_id = r.merchant_id
  where l.looked_at < clock_timestamp() - interval '{CALM_S} seconds' group by r.merchant_id, l.revs having sum(r.rev) <> l.revs
union select m.merchant_id from merchant m where not exists (select from push_look l where l.merchant_id = m.merchant_id)
"""
"""Merchants with a push to send, one whose sender died, a look that is due, tasks that changed since the last look, or no look so far;
`{now}` is business time."""
