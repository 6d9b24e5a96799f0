alter table action add column device text, add column seq bigint, add column occurred_at timestamptz, add column suspect boolean default false not null,
    add column sealed bytea, add constraint ck_action_seq check (seq > 0)
-- ;;
CREATE INDEX ix_action_seq ON action (device, staff_id, seq) WHERE seq is not null
-- ;;
alter table task add column claimed_until timestamptz, add column reserved_by uuid, add column reserved_until timestamptz,
    add constraint fk_task_reserved_by foreign key (merchant_id, reserved_by) references staff (merchant_id, id)
-- ;;
CREATE INDEX ix_task_claimed ON task (claimed_until) WHERE claimed_until is not null
-- ;;
alter table task_history add column occurred_at timestamptz
-- ;;
grant select (claimed_until) on task to huifang_definer
-- ;;
grant create on schema public to huifang_definer
-- ;;
create or replace function merchants_due(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select o.merchant_id from occurrence o
           where o.state in ('due', 'running') and o.fire_at <= business and (o.state = 'due' or o.lease_until < clock_timestamp())
           union select e.merchant_id from enrolment e where e.state = 'waiting' and e.fire_at <= business
           union select e.merchant_id from event e where e.state = 'set_aside'
           union select t.merchant_id from task t where t.status = 'queued' and t.opens_at <= business
           union select t.merchant_id from task t where t.status = 'waiting' and t.wait_until <= business
           union select t.merchant_id from task t where t.claimed_until <= business
           union select p.merchant_id from promise p where p.state = 'open' and p.settle_at <= business
           union select c.merchant_id from callback c
             where c.claim = 'pending' and c.void_at is null and (c.claim_checked_at is null or c.occurred_at <= business - interval '5 days')
           union select t.merchant_id from task t
             where t.status in ('queued', 'open', 'in_progress', 'waiting') and t.expires_at <= business $body$
-- ;;
revoke create on schema public from huifang_definer
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
