alter table task add column cause text, add column sealed bytea, add column source_task_id uuid,
    add constraint ck_task_cause check (cause in ('own', 'broken_promise', 'complaint', 'bad_review', 'trial')),
    add constraint fk_task_source_task_id foreign key (merchant_id, source_task_id) references task (merchant_id, id)
-- ;;
alter table task drop constraint ck_task_close_reason,
    add constraint ck_task_close_reason check (close_reason in ('callback', 'exhausted', 'skipped', 'sent_no_reply', 'wrong_number', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled', 'appointment_cancelled'))
-- ;;
alter table task_reason drop constraint ck_task_reason_close_reason,
    add constraint ck_task_reason_close_reason check (close_reason in ('callback', 'exhausted', 'skipped', 'sent_no_reply', 'wrong_number', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled', 'appointment_cancelled'))
-- ;;
CREATE INDEX ix_task_source ON task (source_task_id) WHERE source_task_id is not null
-- ;;
alter table promise add column until_on date, add column settle_at timestamptz, add column recovery_task_id uuid,
    add constraint fk_promise_recovery_task_id foreign key (merchant_id, recovery_task_id) references task (merchant_id, id)
-- ;;
CREATE INDEX ix_promise_settle ON promise (settle_at) WHERE state = 'open'
-- ;;
CREATE INDEX ix_promise_callback ON promise (callback_id) WHERE callback_id is not null
-- ;;
CREATE INDEX ix_promise_recovery ON promise (recovery_task_id) WHERE recovery_task_id is not null
-- ;;
grant select (merchant_id, state, settle_at) on promise to huifang_definer
-- ;;
create policy definer on promise for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, claim, claim_checked_at, void_at, occurred_at) on callback to huifang_definer
-- ;;
create policy definer on callback for select to huifang_definer using (true)
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
