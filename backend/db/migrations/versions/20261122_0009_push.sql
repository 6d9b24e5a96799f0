CREATE TABLE address_holder (
    address UUID NOT NULL,
    device_id UUID NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_address_holder PRIMARY KEY (address)
)
-- ;;
CREATE TABLE push_look (
    merchant_id UUID NOT NULL,
    revs BIGINT DEFAULT 0 NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_push_look PRIMARY KEY (merchant_id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
CREATE INDEX ix_push_look_due ON push_look (due_at) INCLUDE (merchant_id)
-- ;;
CREATE TABLE push (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID,
    device_id UUID,
    store_id UUID,
    notice_id UUID,
    task_id UUID,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    facts JSONB NOT NULL,
    collapse_key TEXT NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    epoch INTEGER DEFAULT 0 NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stale_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    dropped TEXT,
    fault TEXT,
    CONSTRAINT pk_push PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_push_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_push_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_push_kind CHECK (kind in ('digest', 'new_tasks', 'callback_due', 'urged', 'handed_over', 'taken_over', 'promise_broken', 'alert', 'test')),
    CONSTRAINT ck_push_state CHECK (state in ('queued', 'sending', 'sent', 'dropped', 'failed')),
    CONSTRAINT ck_push_dropped CHECK (dropped in ('stopped', 'stale', 'superseded', 'detached')),
    CONSTRAINT ck_push_provider CHECK (provider in ('fcm', 'webpush', 'inapp', 'wecom', 'dingtalk', 'feishu')),
    CONSTRAINT ck_push_target CHECK ((device_id is null) <> (store_id is null)),
    CONSTRAINT ck_push_lease CHECK ((state = 'sending') = (lease_until is not null)),
    CONSTRAINT ck_push_settled CHECK ((state in ('queued', 'sending')) = (settled_at is null)),
    CONSTRAINT ck_push_attempts CHECK (attempts between 0 and 6)
)
-- ;;
CREATE INDEX ix_push_collapse ON push (device_id, collapse_key) WHERE state = 'queued'
-- ;;
CREATE INDEX ix_push_due ON push (next_at) INCLUDE (merchant_id) WHERE state = 'queued'
-- ;;
CREATE INDEX ix_push_lease ON push (lease_until) INCLUDE (merchant_id) WHERE state = 'sending'
-- ;;
CREATE INDEX ix_push_old ON push (settled_at) WHERE settled_at is not null
-- ;;
CREATE UNIQUE INDEX uq_push_device ON push (device_id, notice_id, merchant_id) WHERE notice_id is not null
-- ;;
CREATE TABLE staff_pace (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    digest_on DATE,
    pushed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_staff_pace PRIMARY KEY (merchant_id, staff_id),
    CONSTRAINT fk_staff_pace_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id)
)
-- ;;
CREATE TABLE store_robot (
    merchant_id UUID NOT NULL,
    store_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    locale TEXT DEFAULT 'zh-CN' NOT NULL,
    set_by UUID NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    digest_on DATE,
    sent_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    fault TEXT,
    CONSTRAINT pk_store_robot PRIMARY KEY (merchant_id, store_id),
    CONSTRAINT fk_store_robot_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_store_robot_set_by FOREIGN KEY(merchant_id, set_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_store_robot_kind CHECK (kind in ('wecom', 'dingtalk', 'feishu'))
)
-- ;;
CREATE TABLE device (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    family_id UUID NOT NULL,
    installation_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    address_kind TEXT,
    address_index UUID,
    sealed BYTEA,
    app_version TEXT DEFAULT '' NOT NULL,
    locale TEXT DEFAULT 'zh-CN' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_device PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_device_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_device_family_id FOREIGN KEY(merchant_id, family_id) REFERENCES refresh_family (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_device_provider CHECK (provider in ('fcm', 'webpush', 'inapp')),
    CONSTRAINT ck_device_address_kind CHECK (address_kind in ('token', 'fid', 'subscription')),
    CONSTRAINT ck_device_address CHECK ((provider = 'inapp') = (sealed is null) and (sealed is null) = (address_index is null))
)
-- ;;
CREATE INDEX ix_device_family ON device (family_id)
-- ;;
CREATE INDEX ix_device_staff ON device (staff_id)
-- ;;
CREATE UNIQUE INDEX uq_device_installation ON device (installation_id, merchant_id)
-- ;;
CREATE TABLE notice (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    task_id UUID,
    facts JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_notice PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_notice_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_notice_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_notice_kind CHECK (kind in ('digest', 'new_tasks', 'callback_due', 'urged', 'handed_over', 'taken_over', 'promise_broken', 'alert', 'test'))
)
-- ;;
CREATE INDEX ix_notice_old ON notice (created_at)
-- ;;
CREATE INDEX ix_notice_staff ON notice (staff_id, id)
-- ;;
CREATE INDEX ix_notice_task ON notice (task_id) WHERE task_id is not null
-- ;;
CREATE INDEX ix_notice_unread ON notice (staff_id) WHERE read_at is null
-- ;;
CREATE UNIQUE INDEX uq_notice_key ON notice (key, merchant_id)
-- ;;
alter table push_look enable row level security
-- ;;
alter table push_look force row level security
-- ;;
create policy tenant on push_look to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table push enable row level security
-- ;;
alter table push force row level security
-- ;;
create policy tenant on push to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table staff_pace enable row level security
-- ;;
alter table staff_pace force row level security
-- ;;
create policy tenant on staff_pace to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store_robot enable row level security
-- ;;
alter table store_robot force row level security
-- ;;
create policy tenant on store_robot to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table device enable row level security
-- ;;
alter table device force row level security
-- ;;
create policy tenant on device to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table notice enable row level security
-- ;;
alter table notice force row level security
-- ;;
create policy tenant on notice to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select (merchant_id, id, state, next_at, lease_until) on push to huifang_definer
-- ;;
create policy definer on push for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, revs, due_at, looked_at) on push_look to huifang_definer
-- ;;
create policy definer on push_look for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, rev) on store_revision to huifang_definer
-- ;;
create policy definer on store_revision for select to huifang_definer using (true)
-- ;;
grant create on schema public to huifang_definer
-- ;;
create function merchants_to_push(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$
select p.merchant_id from push p where p.state = 'queued' and p.next_at <= business
union select p.merchant_id from push p where p.state = 'sending' and p.lease_until < clock_timestamp()
union select l.merchant_id from push_look l where l.due_at <= business
union select r.merchant_id from store_revision r join push_look l on l.merchant_id = r.merchant_id
  where l.looked_at < clock_timestamp() - interval '5 seconds' group by r.merchant_id, l.revs having sum(r.rev) <> l.revs
union select m.merchant_id from merchant m where not exists (select from push_look l where l.merchant_id = m.merchant_id)
 $body$
-- ;;
alter function merchants_to_push owner to huifang_definer
-- ;;
revoke all on function merchants_to_push from public
-- ;;
grant execute on function merchants_to_push to huifang_app
-- ;;
create or replace function things_late(business timestamptz) returns table (kind text, merchant_id uuid, id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select 'occurrence', l.merchant_id, l.id from (select o.merchant_id, o.id from occurrence o join plan p on p.merchant_id = o.merchant_id and p.id = o.plan_id and p.state = 'active'
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
union all select 'push', l.merchant_id, l.id from (select p.merchant_id, p.id from push p join merchant m on m.merchant_id = p.merchant_id and m.stopped_at is null
        where p.state = 'queued' and p.next_at < business - interval '10 minutes'
        union all select p.merchant_id, p.id from push p where p.state = 'sending' and p.lease_until < business - interval '10 minutes') l
union all select c.name, c.merchant_id, null::uuid from self_check c where c.found > 0 $body$
-- ;;
revoke create on schema public from huifang_definer
-- ;;
CREATE INDEX ix_task_promised ON task (wait_until) INCLUDE (merchant_id) WHERE wait_kind = 'callback' and closed_at is null
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
