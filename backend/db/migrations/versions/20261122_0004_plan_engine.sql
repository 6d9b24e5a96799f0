alter table merchant add column stop_reason text
-- ;;
alter table plan add column note text, add column submitted_by uuid, add column submitted_at timestamptz,
    add column approved_by uuid, add column approved_at timestamptz,
    add constraint fk_plan_submitted_by foreign key (merchant_id, submitted_by) references staff (merchant_id, id),
    add constraint fk_plan_approved_by foreign key (merchant_id, approved_by) references staff (merchant_id, id)
-- ;;
alter table occurrence add column made integer
-- ;;
alter table enrolment add column anchor_on date
-- ;;
alter table enrolment no force row level security
-- ;;
update enrolment set anchor_on = fires_on
-- ;;
alter table enrolment force row level security
-- ;;
alter table plan_version no force row level security
-- ;;
update plan_version set definition = definition - 'task' || jsonb_build_object('steps', jsonb_build_array(jsonb_build_object('act', definition -> 'task')))
    where definition ? 'task'
-- ;;
update plan_version set definition = jsonb_set(definition, '{entry}', (definition -> 'entry') - 'boundCents'
    || case when definition -> 'entry' ->> 'boundCents' is null then '{}'::jsonb
       else jsonb_build_object('measure', 'balance', 'bounds', jsonb_build_array(definition -> 'entry' -> 'boundCents')) end)
    where definition -> 'entry' ? 'boundCents'
-- ;;
alter table plan_version force row level security
-- ;;
CREATE TABLE benefit (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    state TEXT DEFAULT 'draft' NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    days JSONB NOT NULL,
    from_time TIME WITHOUT TIME ZONE NOT NULL,
    to_time TIME WITHOUT TIME ZONE,
    from_on DATE,
    to_on DATE,
    gain TEXT NOT NULL,
    value BIGINT,
    each BOOLEAN DEFAULT false NOT NULL,
    members_only BOOLEAN DEFAULT false NOT NULL,
    stacking TEXT NOT NULL,
    min_spend_cents BIGINT DEFAULT 0 NOT NULL,
    per_bill_cents BIGINT,
    per_day_cents BIGINT,
    per_day_times INTEGER,
    budget_amount BIGINT,
    budget_unit TEXT,
    budget_period TEXT,
    plan_id UUID,
    written_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_benefit PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_benefit_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT ck_benefit_state CHECK (state in ('draft', 'active', 'paused', 'ended')),
    CONSTRAINT ck_benefit_gain CHECK (gain in ('points', 'percent_off', 'amount_off', 'member_price')),
    CONSTRAINT ck_benefit_stacking CHECK (stacking in ('exclusive', 'stack', 'best')),
    CONSTRAINT ck_benefit_budget_unit CHECK (budget_unit in ('cents', 'uses')),
    CONSTRAINT ck_benefit_budget_period CHECK (budget_period in ('day', 'month', 'all')),
    CONSTRAINT ck_benefit_name CHECK (name <> ''),
    CONSTRAINT ck_benefit_order CHECK (to_time > from_time and to_on >= from_on),
    CONSTRAINT ck_benefit_value CHECK (case gain when 'points' then coalesce(value, 0) > 100 when 'percent_off' then coalesce(value, 0) between 1 and 99 when 'amount_off' then coalesce(value, 0) > 0 else value is null end),
    CONSTRAINT ck_benefit_amounts CHECK (min_spend_cents >= 0 and per_bill_cents > 0 and per_day_cents > 0 and per_day_times > 0),
    CONSTRAINT ck_benefit_budget CHECK (num_nonnulls(budget_amount, budget_unit, budget_period) in (0, 3) and budget_amount > 0)
)
-- ;;
CREATE INDEX ix_benefit_plan ON benefit (plan_id) WHERE plan_id is not null
-- ;;
CREATE TABLE benefit_day (
    merchant_id UUID NOT NULL,
    timezone TEXT NOT NULL,
    from_at TIMESTAMP WITH TIME ZONE NOT NULL,
    benefit_id UUID NOT NULL,
    day_on DATE NOT NULL,
    to_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_benefit_day PRIMARY KEY (merchant_id, timezone, from_at, benefit_id),
    CONSTRAINT fk_benefit_day_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT ck_benefit_day_order CHECK (to_at > from_at and to_at <= from_at + interval '2 days')
)
-- ;;
CREATE INDEX ix_benefit_day_benefit ON benefit_day (benefit_id, day_on)
-- ;;
CREATE TABLE benefit_item (
    merchant_id UUID NOT NULL,
    benefit_id UUID NOT NULL,
    nth INTEGER NOT NULL,
    product_id UUID,
    category TEXT,
    price_cents BIGINT,
    CONSTRAINT pk_benefit_item PRIMARY KEY (merchant_id, benefit_id, nth),
    CONSTRAINT fk_benefit_item_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT fk_benefit_item_product_id FOREIGN KEY(merchant_id, product_id) REFERENCES product (merchant_id, id),
    CONSTRAINT fk_benefit_item_category FOREIGN KEY(merchant_id, category) REFERENCES category (merchant_id, code),
    CONSTRAINT ck_benefit_item_one_thing CHECK (num_nonnulls(product_id, category) = 1),
    CONSTRAINT ck_benefit_item_price CHECK (price_cents is null or (price_cents > 0 and product_id is not null))
)
-- ;;
CREATE TABLE benefit_level (
    merchant_id UUID NOT NULL,
    benefit_id UUID NOT NULL,
    level TEXT NOT NULL,
    CONSTRAINT pk_benefit_level PRIMARY KEY (merchant_id, benefit_id, level),
    CONSTRAINT fk_benefit_level_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT fk_benefit_level_level FOREIGN KEY(merchant_id, level) REFERENCES customer_level (merchant_id, code)
)
-- ;;
CREATE TABLE benefit_redemption (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    external_id TEXT NOT NULL,
    benefit_id UUID NOT NULL,
    store_id UUID NOT NULL,
    customer_id UUID,
    product_id UUID,
    redeemed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    day_on DATE NOT NULL,
    amount_cents BIGINT NOT NULL,
    saved_cents BIGINT NOT NULL,
    counted_cents BIGINT NOT NULL,
    state TEXT DEFAULT 'taken' NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    taken_back_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_benefit_redemption PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_benefit_redemption_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT fk_benefit_redemption_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_benefit_redemption_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_benefit_redemption_product_id FOREIGN KEY(merchant_id, product_id) REFERENCES product (merchant_id, id),
    CONSTRAINT ck_benefit_redemption_state CHECK (state in ('taken', 'taken_back')),
    CONSTRAINT ck_benefit_redemption_amounts CHECK (saved_cents between 0 and amount_cents and counted_cents between 0 and amount_cents),
    CONSTRAINT ck_benefit_redemption_external_id CHECK (external_id <> '')
)
-- ;;
CREATE INDEX ix_benefit_redemption_customer ON benefit_redemption (customer_id, benefit_id, day_on) WHERE customer_id is not null and state = 'taken'
-- ;;
CREATE UNIQUE INDEX uq_benefit_redemption_external_id ON benefit_redemption (external_id, merchant_id) WHERE external_id <> ''
-- ;;
CREATE TABLE benefit_spent (
    merchant_id UUID NOT NULL,
    benefit_id UUID NOT NULL,
    period TEXT NOT NULL,
    begins_on DATE NOT NULL,
    cents BIGINT DEFAULT 0 NOT NULL,
    times BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_benefit_spent PRIMARY KEY (merchant_id, benefit_id, period, begins_on),
    CONSTRAINT fk_benefit_spent_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT ck_benefit_spent_period CHECK (period in ('day', 'month', 'all')),
    CONSTRAINT ck_benefit_spent_counted CHECK (cents >= 0 and times >= 0)
)
-- ;;
CREATE TABLE benefit_store (
    merchant_id UUID NOT NULL,
    benefit_id UUID NOT NULL,
    store_id UUID NOT NULL,
    CONSTRAINT pk_benefit_store PRIMARY KEY (merchant_id, benefit_id, store_id),
    CONSTRAINT fk_benefit_store_benefit_id FOREIGN KEY(merchant_id, benefit_id) REFERENCES benefit (merchant_id, id),
    CONSTRAINT fk_benefit_store_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id)
)
-- ;;
alter table benefit enable row level security
-- ;;
alter table benefit force row level security
-- ;;
create policy tenant on benefit to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_day enable row level security
-- ;;
alter table benefit_day force row level security
-- ;;
create policy tenant on benefit_day to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_item enable row level security
-- ;;
alter table benefit_item force row level security
-- ;;
create policy tenant on benefit_item to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_level enable row level security
-- ;;
alter table benefit_level force row level security
-- ;;
create policy tenant on benefit_level to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_redemption enable row level security
-- ;;
alter table benefit_redemption force row level security
-- ;;
create policy tenant on benefit_redemption to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_spent enable row level security
-- ;;
alter table benefit_spent force row level security
-- ;;
create policy tenant on benefit_spent to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table benefit_store enable row level security
-- ;;
alter table benefit_store force row level security
-- ;;
create policy tenant on benefit_store to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
CREATE TABLE run_part (
    merchant_id UUID NOT NULL,
    occurrence_id UUID NOT NULL,
    no INTEGER NOT NULL,
    last_id UUID NOT NULL,
    scope_ids UUID[] NOT NULL,
    CONSTRAINT pk_run_part PRIMARY KEY (merchant_id, occurrence_id, no),
    CONSTRAINT fk_run_part_occurrence_id FOREIGN KEY(merchant_id, occurrence_id) REFERENCES occurrence (merchant_id, id) ON DELETE CASCADE
)
-- ;;
alter table run_part enable row level security
-- ;;
alter table run_part force row level security
-- ;;
create policy tenant on run_part to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
create index ix_card_entry_opened on card_entry (sale_id) where kind = 'open' and sale_id is not null
-- ;;
CREATE TABLE heartbeat (
    worker TEXT NOT NULL,
    loop TEXT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_heartbeat PRIMARY KEY (worker, loop)
)
-- ;;
CREATE INDEX ix_heartbeat_loop ON heartbeat (loop, seen_at)
-- ;;
CREATE TABLE self_check (
    merchant_id UUID NOT NULL,
    name TEXT NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checked_on DATE NOT NULL,
    found INTEGER NOT NULL,
    ids JSONB NOT NULL,
    CONSTRAINT pk_self_check PRIMARY KEY (merchant_id, name),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_self_check_found CHECK (found >= 0)
)
-- ;;
CREATE INDEX ix_self_check_found ON self_check (name) WHERE found > 0
-- ;;
CREATE INDEX ix_occurrence_lost ON occurrence (finished_at) WHERE state in ('missed', 'failed')
-- ;;
CREATE INDEX ix_event_waiting ON event (received_at) WHERE state = 'unmatched'
-- ;;
alter table self_check enable row level security
-- ;;
alter table self_check force row level security
-- ;;
create policy tenant on self_check to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select (merchant_id, id, state, planned_until) on plan to huifang_definer
-- ;;
grant select (merchant_id, id, plan_id, state, fire_at, lease_until, epoch, progress_at, finished_at) on occurrence to huifang_definer
-- ;;
grant select (merchant_id, id, plan_id, state, fire_at) on enrolment to huifang_definer
-- ;;
grant select (merchant_id, id, state, received_at) on event to huifang_definer
-- ;;
grant select (merchant_id, name, checked_at, checked_on, found) on self_check to huifang_definer
-- ;;
create policy definer on self_check for select to huifang_definer using (true)
-- ;;
grant create on schema public to huifang_definer
-- ;;
create or replace function merchants_to_tend(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select d.merchant_id from insight_due d group by d.merchant_id
  having bool_or(d.reason not in ('books', 'catalogue'))
    or max(d.marked_at) < business - interval '1 minute' or min(d.marked_at) < business - interval '30 minutes'
           union select m.merchant_id from merchant m where not exists (
  select from insight_run r where r.merchant_id = m.merchant_id and r.computed_on >= (business at time zone m.timezone - interval '3 hours')::date)
           union select t.merchant_id from tag t where t.pace is not null and (t.evaluated_at is null or t.evaluated_at <= business - interval '30 minutes')
           union select m.merchant_id from merchant m where not exists (
             select from segment_count c
             where c.merchant_id = m.merchant_id and c.counted_on >= (business at time zone m.timezone - interval '3 hours')::date)
           union select m.merchant_id from merchant m where not exists (
  select from self_check c where c.merchant_id = m.merchant_id and c.name = 'night'
    and (c.checked_on >= (business at time zone m.timezone - interval '3 hours')::date or c.checked_at > business - interval '30 minutes')) $body$
-- ;;
create function merchants_to_watch(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select m.merchant_id from merchant m where not exists (
  select from self_check c where c.merchant_id = m.merchant_id and c.name = 'store_stale' and c.checked_at > business - interval '30 minutes') $body$
-- ;;
alter function merchants_to_watch owner to huifang_definer
-- ;;
revoke all on function merchants_to_watch from public
-- ;;
grant execute on function merchants_to_watch to huifang_app
-- ;;
create function things_late(business timestamptz) returns table (kind text, merchant_id uuid, id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select 'occurrence', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o join plan p on p.merchant_id = o.merchant_id and p.id = o.plan_id and p.state = 'active'
    join merchant m on m.merchant_id = o.merchant_id and m.stopped_at is null
        where o.state = 'due' and o.fire_at < business - interval '5 minutes') l
union all select 'run', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o
        where o.state = 'running' and coalesce(o.progress_at, o.fire_at) < business - interval '5 minutes') l
union all select 'lease', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o where o.state = 'running' and o.epoch > 2) l
union all select 'missed', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o where o.state = 'missed' and o.finished_at > business - interval '1 day') l
union all select 'failed', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o where o.state = 'failed' and o.finished_at > business - interval '1 day') l
union all select 'passage', l.merchant_id, l.id from (select w.merchant_id, w.id from (select e.merchant_id, e.id from enrolment e join plan p on p.merchant_id = e.merchant_id and p.id = e.plan_id and p.state = 'active'
    join merchant m on m.merchant_id = e.merchant_id and m.stopped_at is null
        where e.state = 'waiting' and e.fire_at < business - interval '5 minutes' order by e.fire_at limit 1000) w) l
union all select 'unmatched', l.merchant_id, l.id from (select e.merchant_id, e.id from event e where e.state = 'unmatched' and e.received_at < business - interval '36 hours') l
union all select 'set_aside', l.merchant_id, l.id from (select e.merchant_id, e.id from event e where e.state = 'set_aside' and e.received_at < business - interval '5 minutes') l
union all select c.name, c.merchant_id, null::uuid from self_check c where c.found > 0 $body$
-- ;;
alter function things_late owner to huifang_definer
-- ;;
revoke all on function things_late from public
-- ;;
grant execute on function things_late to huifang_app
-- ;;
revoke create on schema public from huifang_definer
-- ;;
CREATE INDEX ix_enrolment_entered ON enrolment (customer_id, plan_id, created_at) WHERE event_id is not null
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
