import time
from tasks.kernel.unit import Unit
import tests.flows.test_insight_crowd as m
from tests.flows.test_insight_crowd import *
import asyncio
m.MANY=20000
async def test_try(units, master, clock, monkeypatch):
    orig=Unit.run
    async def run(self, st, **v):
        t=time.time()
        try: r=await asyncio.wait_for(orig(self, st, **v), 60)
        except asyncio.TimeoutError:
            print('TIMEOUT', st[:3000]); raise
        d=time.time()-t
        if d>0.5: print(round(d,1), ' '.join(st.split())[:110], '...', ' '.join(st.split())[-60:], flush=True)
        return r
    monkeypatch.setattr(Unit,'run',run)
    world = await make_world(units, master, stores=3)
    async with units.open(world.merchant_id) as u: await make_crowd(u, list(world.stores.values()), m.MANY, TODAY)
    for k in range(2):
        t=time.time(); await world.do(refresh_everybody); print('full', time.time()-t, flush=True)
