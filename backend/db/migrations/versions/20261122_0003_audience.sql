drop index ix_sale_store
-- ;;
drop index ix_sale_customer
-- ;;
CREATE INDEX ix_event_customer ON event (customer_id, type, occurred_at) WHERE ledger_id is null
-- ;;
CREATE INDEX ix_sale_customer ON sale (customer_id, sold_on) INCLUDE (merchant_id, sold_at, cash_cents, card_cents) WHERE customer_id is not null
-- ;;
CREATE INDEX ix_sale_day ON sale (sold_on, customer_id)
-- ;;
CREATE TABLE attribute (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    about TEXT NOT NULL,
    event_type TEXT DEFAULT '' NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    choices JSONB NOT NULL,
    sensitive BOOLEAN DEFAULT false NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_attribute PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_attribute_about CHECK (about in ('customer', 'event')),
    CONSTRAINT ck_attribute_kind CHECK (kind in ('text', 'number', 'flag', 'day')),
    CONSTRAINT ck_attribute_code CHECK (code <> ''),
    CONSTRAINT ck_attribute_event_type CHECK ((about = 'event') = (event_type <> ''))
)
-- ;;
CREATE UNIQUE INDEX uq_attribute_code ON attribute (code, about, event_type, merchant_id) WHERE code <> ''
-- ;;
CREATE TABLE birthday_default (
    merchant_id UUID NOT NULL,
    birthday_on DATE NOT NULL,
    CONSTRAINT pk_birthday_default PRIMARY KEY (merchant_id, birthday_on),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
alter table card_product add column etag bigint default 1 not null
-- ;;
CREATE TABLE category (
    merchant_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    usual_gap_days INTEGER,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_category PRIMARY KEY (merchant_id, code),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_category_code CHECK (code <> ''),
    CONSTRAINT ck_category_usual_gap_days CHECK (usual_gap_days between 1 and 3660)
)
-- ;;
CREATE TABLE customer_level (
    merchant_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER DEFAULT 0 NOT NULL,
    benefit TEXT DEFAULT '' NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_customer_level PRIMARY KEY (merchant_id, code),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_customer_level_code CHECK (code <> '')
)
-- ;;
CREATE TABLE customer_source (
    merchant_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    CONSTRAINT pk_customer_source PRIMARY KEY (merchant_id, code),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_customer_source_code CHECK (code <> '')
)
-- ;;
CREATE TABLE event_field (
    merchant_id UUID NOT NULL,
    event_id UUID NOT NULL,
    name TEXT NOT NULL,
    text_value TEXT,
    number_milli BIGINT,
    day_value DATE,
    CONSTRAINT pk_event_field PRIMARY KEY (merchant_id, event_id, name),
    CONSTRAINT fk_event_field_event_id FOREIGN KEY(merchant_id, event_id) REFERENCES event (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_event_field_one_value CHECK (num_nonnulls(text_value, number_milli, day_value) = 1)
)
-- ;;
CREATE TABLE festival (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    days JSONB NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_festival PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_festival_name CHECK (name <> ''),
    CONSTRAINT uq_festival_name_merchant_id UNIQUE (name, merchant_id)
)
-- ;;
CREATE TABLE insight_due (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    reason TEXT NOT NULL,
    marked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_insight_due PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
CREATE INDEX ix_insight_due_at ON insight_due (marked_at)
-- ;;
CREATE TABLE insight_rules (
    merchant_id UUID NOT NULL,
    rules JSONB NOT NULL,
    etag BIGINT DEFAULT 1 NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_insight_rules PRIMARY KEY (merchant_id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
CREATE TABLE insight_run (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    computed_on DATE NOT NULL,
    rules JSONB NOT NULL,
    cuts JSONB NOT NULL,
    customers INTEGER DEFAULT 0 NOT NULL,
    moved INTEGER DEFAULT 0 NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_insight_run PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
CREATE INDEX ix_insight_run_day ON insight_run (computed_on)
-- ;;
alter table product add column etag bigint default 1 not null
-- ;;
CREATE TABLE public_holiday (
    merchant_id UUID NOT NULL,
    day_on DATE NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_public_holiday PRIMARY KEY (merchant_id, day_on),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_public_holiday_kind CHECK (kind in ('holiday', 'workday')),
    CONSTRAINT ck_public_holiday_name CHECK (name <> '')
)
-- ;;
CREATE TABLE segment_count (
    merchant_id UUID NOT NULL,
    segment_key TEXT NOT NULL,
    counted_on DATE NOT NULL,
    customers INTEGER NOT NULL,
    counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_segment_count PRIMARY KEY (merchant_id, segment_key, counted_on),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_segment_count_customers CHECK (customers >= 0)
)
-- ;;
alter table customer add column birthday_md integer generated always as ((extract(month from birthday_on) * 100 + extract(day from birthday_on))::int) stored
-- ;;
CREATE INDEX ix_customer_birthday ON customer (birthday_md) WHERE birthday_md is not null
-- ;;
CREATE INDEX ix_customer_level ON customer (level) WHERE level is not null
-- ;;
CREATE INDEX ix_customer_since ON customer (customer_since_on) WHERE customer_since_on is not null
-- ;;
CREATE INDEX ix_customer_source ON customer (source) WHERE source is not null
-- ;;
CREATE INDEX ix_customer_unfollowed ON customer (id) WHERE status <> 'active' or anonymous or internal
-- ;;
CREATE TABLE segment (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    tree JSONB NOT NULL,
    seen_by TEXT DEFAULT 'shared' NOT NULL,
    store_id UUID,
    owner_id UUID,
    etag BIGINT DEFAULT 1 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_segment PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_segment_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_segment_owner_id FOREIGN KEY(merchant_id, owner_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_segment_seen_by CHECK (seen_by in ('shared', 'store', 'personal')),
    CONSTRAINT ck_segment_name CHECK (name <> ''),
    CONSTRAINT ck_segment_store CHECK ((seen_by = 'store') = (store_id is not null)),
    CONSTRAINT ck_segment_owner CHECK (seen_by <> 'personal' or owner_id is not null)
)
-- ;;
CREATE INDEX ix_segment_owner ON segment (owner_id) WHERE owner_id is not null
-- ;;
CREATE INDEX ix_segment_store ON segment (store_id) WHERE store_id is not null
-- ;;
CREATE UNIQUE INDEX uq_segment_name ON segment (name, merchant_id) WHERE name <> '' and seen_by = 'shared'
-- ;;
CREATE TABLE store_open_day (
    merchant_id UUID NOT NULL,
    store_id UUID NOT NULL,
    day_on DATE NOT NULL,
    nth INTEGER NOT NULL,
    CONSTRAINT pk_store_open_day PRIMARY KEY (merchant_id, store_id, day_on),
    CONSTRAINT fk_store_open_day_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id)
)
-- ;;
CREATE TABLE tag (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    rule JSONB,
    pace TEXT,
    etag BIGINT DEFAULT 1 NOT NULL,
    evaluated_at TIMESTAMP WITH TIME ZONE,
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tag PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_tag_created_by FOREIGN KEY(merchant_id, created_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_tag_pace CHECK (pace in ('at_once', 'half_hour')),
    CONSTRAINT ck_tag_name CHECK (name <> ''),
    CONSTRAINT ck_tag_rule CHECK ((rule is null or rule = 'null'::jsonb) = (pace is null))
)
-- ;;
CREATE INDEX ix_tag_pace ON tag (pace, merchant_id) WHERE pace is not null
-- ;;
CREATE UNIQUE INDEX uq_tag_name ON tag (name, merchant_id) WHERE name <> ''
-- ;;
CREATE INDEX ix_appointment_day ON appointment (starts_on, customer_id)
-- ;;
CREATE INDEX ix_card_product ON card (card_product_id)
-- ;;
CREATE INDEX ix_consent_refused ON consent (kind, customer_id) WHERE not granted
-- ;;
CREATE INDEX ix_contact_point_friend ON contact_point (held_by, customer_id) WHERE kind in ('wechat', 'wecom')
-- ;;
CREATE TABLE customer_attribute (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    attribute_id UUID NOT NULL,
    text_value TEXT,
    number_milli BIGINT,
    day_value DATE,
    CONSTRAINT pk_customer_attribute PRIMARY KEY (merchant_id, customer_id, attribute_id),
    CONSTRAINT fk_customer_attribute_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_customer_attribute_attribute_id FOREIGN KEY(merchant_id, attribute_id) REFERENCES attribute (merchant_id, id),
    CONSTRAINT ck_customer_attribute_one_value CHECK (num_nonnulls(text_value, number_milli, day_value) = 1)
)
-- ;;
CREATE INDEX ix_customer_attribute_day ON customer_attribute (attribute_id, day_value, customer_id) WHERE day_value is not null
-- ;;
CREATE INDEX ix_customer_attribute_number ON customer_attribute (attribute_id, number_milli, customer_id) WHERE number_milli is not null
-- ;;
CREATE INDEX ix_customer_attribute_text ON customer_attribute (attribute_id, text_value, customer_id) WHERE text_value is not null
-- ;;
CREATE INDEX ix_customer_contact_state_refused ON customer_contact_state (customer_id) WHERE no_contact_at is not null or no_phone_at is not null or no_wechat_at is not null or complaint_at is not null or marketing_frozen_until is not null
-- ;;
alter table customer_facts add column points bigint default 0 not null
-- ;;
CREATE INDEX ix_customer_facts_first_purchase ON customer_facts (first_purchase_at, customer_id)
-- ;;
CREATE INDEX ix_customer_facts_last_purchase ON customer_facts (last_purchase_at, customer_id)
-- ;;
CREATE TABLE customer_insight (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    recency_score INTEGER,
    frequency_score INTEGER,
    money_score INTEGER,
    rfm_tier TEXT,
    rfm_before TEXT,
    rfm_since_on DATE,
    churn_level TEXT,
    churn_before TEXT,
    churn_since_on DATE,
    computed_on DATE NOT NULL,
    CONSTRAINT pk_customer_insight PRIMARY KEY (merchant_id, customer_id),
    CONSTRAINT fk_customer_insight_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT ck_customer_insight_rfm_tier CHECK (rfm_tier in ('champion', 'keep', 'develop', 'win_back', 'valued', 'maintain', 'newcomer', 'lost')),
    CONSTRAINT ck_customer_insight_rfm_before CHECK (rfm_before in ('champion', 'keep', 'develop', 'win_back', 'valued', 'maintain', 'newcomer', 'lost')),
    CONSTRAINT ck_customer_insight_churn_level CHECK (churn_level in ('active', 'due', 'at_risk', 'lost')),
    CONSTRAINT ck_customer_insight_churn_before CHECK (churn_before in ('active', 'due', 'at_risk', 'lost'))
)
-- ;;
CREATE INDEX ix_customer_insight_churn ON customer_insight (churn_level, customer_id)
-- ;;
CREATE INDEX ix_customer_insight_rfm ON customer_insight (rfm_tier, customer_id)
-- ;;
CREATE TABLE customer_rhythm (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    category TEXT NOT NULL,
    store_id UUID NOT NULL,
    days INTEGER NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    last_nth INTEGER NOT NULL,
    gap_open_days INTEGER,
    gap_over INTEGER,
    own BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_customer_rhythm PRIMARY KEY (merchant_id, customer_id, category),
    CONSTRAINT fk_customer_rhythm_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT ck_customer_rhythm_days CHECK (days > 0 and last_on >= first_on),
    CONSTRAINT ck_customer_rhythm_gap CHECK ((gap_open_days is null) = (gap_over is null) and coalesce(gap_open_days > 0 and gap_over > 0, true))
)
-- ;;
CREATE INDEX ix_customer_rhythm_last ON customer_rhythm (category, last_on, customer_id)
-- ;;
CREATE INDEX ix_customer_staff_ended ON customer_staff (customer_id, to_on) WHERE to_on is not null
-- ;;
CREATE INDEX ix_customer_staff_to ON customer_staff (to_on) WHERE to_on is not null
-- ;;
CREATE TABLE customer_tag (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    tag_id UUID NOT NULL,
    hand TEXT NOT NULL,
    staff_id UUID,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_customer_tag PRIMARY KEY (merchant_id, customer_id, tag_id),
    CONSTRAINT fk_customer_tag_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_customer_tag_tag_id FOREIGN KEY(merchant_id, tag_id) REFERENCES tag (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_customer_tag_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_customer_tag_hand CHECK (hand in ('staff', 'import', 'integrator', 'rule'))
)
-- ;;
CREATE INDEX ix_customer_tag_tag ON customer_tag (tag_id, customer_id)
-- ;;
CREATE TABLE customer_tag_history (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    tag_id UUID NOT NULL,
    tag_name TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    hand TEXT NOT NULL,
    staff_id UUID,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_customer_tag_history PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_customer_tag_history_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_customer_tag_history_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_customer_tag_history_hand CHECK (hand in ('staff', 'import', 'integrator', 'rule'))
)
-- ;;
CREATE INDEX ix_customer_tag_history_customer ON customer_tag_history (customer_id, at)
-- ;;
CREATE INDEX ix_customer_tag_history_tag ON customer_tag_history (tag_id, at)
-- ;;
CREATE TABLE point_entry (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    event_id UUID,
    points BIGINT NOT NULL,
    balance BIGINT,
    expires_on DATE,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sender_key TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_point_entry PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_point_entry_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT ck_point_entry_expiry CHECK (expires_on is null or points > 0)
)
-- ;;
CREATE INDEX ix_point_entry_customer ON point_entry (customer_id, occurred_at)
-- ;;
CREATE INDEX ix_point_entry_expiry ON point_entry (expires_on, customer_id) WHERE expires_on is not null
-- ;;
CREATE UNIQUE INDEX uq_point_entry_event ON point_entry (event_id, merchant_id) WHERE event_id is not null
-- ;;
CREATE TABLE segment_use (
    merchant_id UUID NOT NULL,
    segment_id UUID NOT NULL,
    uses_id UUID NOT NULL,
    CONSTRAINT pk_segment_use PRIMARY KEY (merchant_id, segment_id, uses_id),
    CONSTRAINT fk_segment_use_segment_id FOREIGN KEY(merchant_id, segment_id) REFERENCES segment (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_segment_use_uses_id FOREIGN KEY(merchant_id, uses_id) REFERENCES segment (merchant_id, id),
    CONSTRAINT ck_segment_use_itself CHECK (segment_id <> uses_id)
)
-- ;;
CREATE INDEX ix_segment_use_uses ON segment_use (uses_id)
-- ;;
CREATE INDEX ix_callback_at ON callback (occurred_at, customer_id)
-- ;;
CREATE INDEX ix_callback_corrects ON callback (corrects) WHERE corrects is not null
-- ;;
CREATE INDEX ix_contact_at ON contact (contacted_at, customer_id)
-- ;;
CREATE TABLE promise (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    store_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    task_id UUID,
    callback_id UUID,
    promised_on DATE NOT NULL,
    half_day TEXT,
    state TEXT DEFAULT 'open' NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_promise PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_promise_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_promise_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_promise_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_promise_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_promise_callback_id FOREIGN KEY(merchant_id, callback_id) REFERENCES callback (merchant_id, id),
    CONSTRAINT ck_promise_state CHECK (state in ('open', 'kept', 'broken', 'withdrawn')),
    CONSTRAINT ck_promise_half_day CHECK (half_day in ('am', 'pm')),
    CONSTRAINT ck_promise_settled CHECK ((state = 'open') = (settled_at is null))
)
-- ;;
CREATE INDEX ix_promise_customer ON promise (customer_id, promised_on)
-- ;;
CREATE INDEX ix_promise_open ON promise (promised_on) WHERE state = 'open'
-- ;;
alter table attribute enable row level security
-- ;;
alter table attribute force row level security
-- ;;
create policy tenant on attribute to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table birthday_default enable row level security
-- ;;
alter table birthday_default force row level security
-- ;;
create policy tenant on birthday_default to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table category enable row level security
-- ;;
alter table category force row level security
-- ;;
create policy tenant on category to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_level enable row level security
-- ;;
alter table customer_level force row level security
-- ;;
create policy tenant on customer_level to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_source enable row level security
-- ;;
alter table customer_source force row level security
-- ;;
create policy tenant on customer_source to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table event_field enable row level security
-- ;;
alter table event_field force row level security
-- ;;
create policy tenant on event_field to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table festival enable row level security
-- ;;
alter table festival force row level security
-- ;;
create policy tenant on festival to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table insight_due enable row level security
-- ;;
alter table insight_due force row level security
-- ;;
create policy tenant on insight_due to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table insight_rules enable row level security
-- ;;
alter table insight_rules force row level security
-- ;;
create policy tenant on insight_rules to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table insight_run enable row level security
-- ;;
alter table insight_run force row level security
-- ;;
create policy tenant on insight_run to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table public_holiday enable row level security
-- ;;
alter table public_holiday force row level security
-- ;;
create policy tenant on public_holiday to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table segment_count enable row level security
-- ;;
alter table segment_count force row level security
-- ;;
create policy tenant on segment_count to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table segment enable row level security
-- ;;
alter table segment force row level security
-- ;;
create policy tenant on segment to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store_open_day enable row level security
-- ;;
alter table store_open_day force row level security
-- ;;
create policy tenant on store_open_day to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table tag enable row level security
-- ;;
alter table tag force row level security
-- ;;
create policy tenant on tag to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_attribute enable row level security
-- ;;
alter table customer_attribute force row level security
-- ;;
create policy tenant on customer_attribute to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_insight enable row level security
-- ;;
alter table customer_insight force row level security
-- ;;
create policy tenant on customer_insight to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_rhythm enable row level security
-- ;;
alter table customer_rhythm force row level security
-- ;;
create policy tenant on customer_rhythm to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_tag enable row level security
-- ;;
alter table customer_tag force row level security
-- ;;
create policy tenant on customer_tag to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_tag_history enable row level security
-- ;;
alter table customer_tag_history force row level security
-- ;;
create policy tenant on customer_tag_history to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table point_entry enable row level security
-- ;;
alter table point_entry force row level security
-- ;;
create policy tenant on point_entry to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table segment_use enable row level security
-- ;;
alter table segment_use force row level security
-- ;;
create policy tenant on segment_use to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table promise enable row level security
-- ;;
alter table promise force row level security
-- ;;
create policy tenant on promise to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select (merchant_id, stopped_at, timezone) on merchant to huifang_definer
-- ;;
grant select (merchant_id, reason, marked_at) on insight_due to huifang_definer
-- ;;
create policy definer on insight_due for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, computed_on) on insight_run to huifang_definer
-- ;;
create policy definer on insight_run for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, pace, evaluated_at) on tag to huifang_definer
-- ;;
create policy definer on tag for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, counted_on) on segment_count to huifang_definer
-- ;;
create policy definer on segment_count for select to huifang_definer using (true)
-- ;;
grant create on schema public to huifang_definer
-- ;;
create function merchants_to_tend(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select d.merchant_id from insight_due d group by d.merchant_id
  having bool_or(d.reason not in ('books', 'catalogue'))
    or max(d.marked_at) < business - interval '1 minute' or min(d.marked_at) < business - interval '30 minutes'
           union select m.merchant_id from merchant m where not exists (
  select from insight_run r where r.merchant_id = m.merchant_id and r.computed_on >= (business at time zone m.timezone - interval '3 hours')::date)
           union select t.merchant_id from tag t where t.pace is not null and (t.evaluated_at is null or t.evaluated_at <= business - interval '30 minutes')
           union select m.merchant_id from merchant m where not exists (
             select from segment_count c
             where c.merchant_id = m.merchant_id and c.counted_on >= (business at time zone m.timezone - interval '3 hours')::date) $body$
-- ;;
alter function merchants_to_tend owner to huifang_definer
-- ;;
revoke all on function merchants_to_tend from public
-- ;;
grant execute on function merchants_to_tend to huifang_app
-- ;;
revoke create on schema public from huifang_definer
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
