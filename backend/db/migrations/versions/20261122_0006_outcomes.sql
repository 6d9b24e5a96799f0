alter table callback add column code text, add column contact_id uuid, add column caused jsonb, add column void_at timestamptz,
    add column claim text, add column claim_checked_at timestamptz,
    add constraint ck_callback_claim check (claim in ('pending', 'verified', 'unverified'))
-- ;;
alter table callback drop constraint ck_callback_outcome,
    add constraint ck_callback_outcome check (outcome in ('booked', 'will_come', 'purchased', 'topped_up', 'interested_later', 'callback_requested', 'message_sent', 'no_answer', 'busy', 'wrong_number', 'not_interested', 'refused_contact', 'complaint', 'already_done', 'skipped'))
-- ;;
alter table task drop constraint ck_task_close_reason,
    add constraint ck_task_close_reason check (close_reason in ('callback', 'exhausted', 'skipped', 'sent_no_reply', 'wrong_number', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled'))
-- ;;
alter table task_reason drop constraint ck_task_reason_close_reason,
    add constraint ck_task_reason_close_reason check (close_reason in ('callback', 'exhausted', 'skipped', 'sent_no_reply', 'wrong_number', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled'))
-- ;;
CREATE TABLE outcome_code (
    merchant_id UUID NOT NULL,
    code TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT DEFAULT '' NOT NULL,
    rank INTEGER DEFAULT 0 NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_outcome_code PRIMARY KEY (merchant_id, code),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_outcome_code_behaviour CHECK (behaviour in ('booked', 'will_come', 'purchased', 'topped_up', 'interested_later', 'callback_requested', 'message_sent', 'no_answer', 'busy', 'wrong_number', 'not_interested', 'refused_contact', 'complaint', 'already_done', 'skipped')),
    CONSTRAINT ck_outcome_code_code CHECK (code <> '')
)
-- ;;
CREATE TABLE outcome_reason (
    merchant_id UUID NOT NULL,
    topic TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT DEFAULT '' NOT NULL,
    rank INTEGER DEFAULT 0 NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_outcome_reason PRIMARY KEY (merchant_id, topic, code),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_outcome_reason_topic CHECK (topic in ('skipped', 'not_interested', 'complaint')),
    CONSTRAINT ck_outcome_reason_code CHECK (code <> '')
)
-- ;;
CREATE INDEX ix_task_reply ON task (customer_id) WHERE wait_kind = 'reply'
-- ;;
CREATE INDEX ix_callback_not_interested ON callback (customer_id, occurred_at) WHERE outcome = 'not_interested'
-- ;;
CREATE INDEX ix_callback_claim ON callback (occurred_at) WHERE claim = 'pending' and void_at is null
-- ;;
alter table outcome_code enable row level security
-- ;;
alter table outcome_code force row level security
-- ;;
create policy tenant on outcome_code to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table outcome_reason enable row level security
-- ;;
alter table outcome_reason force row level security
-- ;;
create policy tenant on outcome_reason to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
