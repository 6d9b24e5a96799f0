import time
from tasks.generation import suppressing as sp
from tests.support.world import make_world
from tests.support.clock import shanghai
from tests.support.rows import make_task
from tests.support.outcomes import Logs

async def test_plan(units, master, clock):
    await clock.set(shanghai("2026-03-02 12:00"))
    w = await make_world(units, master, employees=1, customers=1)
    t = await make_task(w)
    await Logs(w, clock).says(t, "not_interested")
    for n in (1, 100000):
      async with units.open(w.merchant_id) as unit:
        await unit.run("create temporary table chunk on commit drop as select case when n = 1 then cast(:c as uuid) else new_uuid7() end as customer_id, n as no, null::text as decided from generate_series(1,:n) n", n=n, c=t.customer_id)
        await unit.run("analyze chunk")
        kw = dict(until=unit.now, at=unit.now, cool_days=60, template="second_visit")
        case = "select count(case when " + sp.NOT_INTERESTED.format(family=sp.OF_TEMPLATE) + " then 1 end) from chunk c"
        t0=time.monotonic(); got = await unit.scalar(case, **kw); print(n, got, "case ms", (time.monotonic()-t0)*1000)
        for r in await unit.rows("explain (analyze, buffers off) " + case, **kw): print(list(r.values())[0][:150])
