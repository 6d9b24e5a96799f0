CREATE TABLE clock_setting (
    id INTEGER DEFAULT 1 NOT NULL,
    offset_us BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_clock_setting PRIMARY KEY (id),
    CONSTRAINT ck_clock_setting_one CHECK (id = 1)
)
-- ;;
CREATE TABLE event (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    source TEXT NOT NULL,
    external_id TEXT,
    type TEXT NOT NULL,
    customer_id UUID,
    customer_index UUID,
    store_id UUID,
    staff_id UUID,
    ledger_kind TEXT,
    ledger_id UUID,
    state TEXT DEFAULT 'accepted' NOT NULL,
    historic BOOLEAN DEFAULT false NOT NULL,
    sealed BYTEA,
    salt BYTEA,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (merchant_id, id),
    CONSTRAINT ck_event_state CHECK (state in ('accepted', 'unmatched', 'set_aside', 'withdrawn')),
    CONSTRAINT ck_event_named CHECK (external_id is not null or ledger_id is not null)
)
-- ;;
CREATE INDEX ix_event_set_aside ON event (received_at) WHERE state = 'set_aside'
-- ;;
CREATE INDEX ix_event_type ON event (type, occurred_at)
-- ;;
CREATE INDEX ix_event_unmatched ON event (customer_index, merchant_id) WHERE state = 'unmatched'
-- ;;
CREATE INDEX ix_event_withdrawn ON event (customer_id, type) WHERE state = 'withdrawn'
-- ;;
CREATE UNIQUE INDEX uq_event_ledger ON event (ledger_id, type, merchant_id) WHERE ledger_id is not null
-- ;;
CREATE UNIQUE INDEX uq_event_sender ON event (external_id, source, merchant_id) WHERE external_id is not null
-- ;;
CREATE TABLE login_throttle (
    account UUID NOT NULL,
    device UUID NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    window_from TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_login_throttle PRIMARY KEY (account, device),
    CONSTRAINT ck_login_throttle_failures CHECK (failures >= 0)
)
-- ;;
CREATE TABLE merchant (
    merchant_id UUID NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    wrapped_key BYTEA NOT NULL,
    settings JSONB NOT NULL,
    history_from DATE,
    stopped_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_merchant PRIMARY KEY (merchant_id)
)
-- ;;
CREATE TABLE api_key (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_key PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id)
)
-- ;;
CREATE TABLE card_product (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    promo BOOLEAN DEFAULT false NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_card_product PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_card_product_kind CHECK (kind in ('stored_value', 'times', 'course', 'any_of', 'period', 'discount', 'gift')),
    CONSTRAINT ck_card_product_code CHECK (code <> '')
)
-- ;;
CREATE UNIQUE INDEX uq_card_product_code ON card_product (code, merchant_id) WHERE code <> ''
-- ;;
CREATE TABLE event_echo (
    merchant_id UUID NOT NULL,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    event_id UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_event_echo PRIMARY KEY (merchant_id, source, external_id),
    CONSTRAINT fk_event_echo_event_id FOREIGN KEY(merchant_id, event_id) REFERENCES event (merchant_id, id)
)
-- ;;
CREATE INDEX ix_event_echo_event ON event_echo (event_id)
-- ;;
CREATE TABLE import_run (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL,
    state TEXT DEFAULT 'running' NOT NULL,
    counts JSONB NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_import_run PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_import_run_state CHECK (state in ('running', 'done', 'failed'))
)
-- ;;
CREATE TABLE plan (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    template TEXT,
    state TEXT DEFAULT 'draft' NOT NULL,
    version_id UUID,
    etag BIGINT DEFAULT 1 NOT NULL,
    activated_at TIMESTAMP WITH TIME ZONE,
    planned_until TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_plan PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_plan_state CHECK (state in ('draft', 'pending_approval', 'active', 'paused', 'ended'))
)
-- ;;
CREATE INDEX ix_plan_active ON plan (state)
-- ;;
CREATE TABLE product (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    category TEXT,
    price_cents BIGINT,
    cycle_days INTEGER,
    upkeep TEXT,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_product PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_product_kind CHECK (kind in ('service', 'goods', 'card', 'other')),
    CONSTRAINT ck_product_code CHECK (code <> '')
)
-- ;;
CREATE UNIQUE INDEX uq_product_code ON product (code, merchant_id) WHERE code <> ''
-- ;;
CREATE TABLE staff (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    role TEXT DEFAULT 'employee' NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    external_index UUID,
    login_index UUID,
    password_hash TEXT,
    sealed BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    max_open INTEGER DEFAULT 40 NOT NULL,
    max_new_weekday INTEGER DEFAULT 15 NOT NULL,
    max_new_weekend INTEGER DEFAULT 5 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_staff PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_staff_role CHECK (role in ('employee', 'manager', 'owner')),
    CONSTRAINT ck_staff_status CHECK (status in ('active', 'removed')),
    CONSTRAINT ck_staff_capacity CHECK (max_open >= 0 and max_new_weekday >= 0 and max_new_weekend >= 0)
)
-- ;;
CREATE UNIQUE INDEX uq_staff_external_index ON staff (external_index, merchant_id) WHERE external_index is not null
-- ;;
CREATE UNIQUE INDEX uq_staff_login_index ON staff (login_index, merchant_id) WHERE login_index is not null
-- ;;
CREATE TABLE store (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    region TEXT,
    pool BOOLEAN DEFAULT true NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_store PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT ck_store_code CHECK (code <> '')
)
-- ;;
CREATE UNIQUE INDEX uq_store_code ON store (code, merchant_id) WHERE code <> ''
-- ;;
CREATE TABLE action (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    action_id UUID NOT NULL,
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL,
    verdict TEXT NOT NULL,
    answer JSONB NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_action PRIMARY KEY (merchant_id, staff_id, action_id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_action_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_action_verdict CHECK (verdict in ('applied', 'duplicate', 'superseded', 'rejected'))
)
-- ;;
CREATE TABLE customer (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    external_index UUID,
    sealed BYTEA NOT NULL,
    salt BYTEA,
    gender TEXT,
    birthday_on DATE,
    birthday_kind TEXT DEFAULT 'solar' NOT NULL,
    source TEXT,
    level TEXT,
    home_store_id UUID,
    customer_since_on DATE,
    anonymous BOOLEAN DEFAULT false NOT NULL,
    internal BOOLEAN DEFAULT false NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_customer PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_customer_home_store_id FOREIGN KEY(merchant_id, home_store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_customer_gender CHECK (gender in ('female', 'male')),
    CONSTRAINT ck_customer_birthday_kind CHECK (birthday_kind in ('solar', 'lunar')),
    CONSTRAINT ck_customer_status CHECK (status in ('active', 'merged', 'erased'))
)
-- ;;
CREATE INDEX ix_customer_home ON customer (home_store_id)
-- ;;
CREATE UNIQUE INDEX uq_customer_external_index ON customer (external_index, merchant_id) WHERE external_index is not null
-- ;;
CREATE TABLE import_reject (
    merchant_id UUID NOT NULL,
    run_id UUID NOT NULL,
    row_no INTEGER NOT NULL,
    field TEXT DEFAULT '' NOT NULL,
    reason TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    CONSTRAINT pk_import_reject PRIMARY KEY (merchant_id, run_id, row_no),
    CONSTRAINT fk_import_reject_run_id FOREIGN KEY(merchant_id, run_id) REFERENCES import_run (merchant_id, id) ON DELETE CASCADE
)
-- ;;
CREATE TABLE membership (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    store_id UUID NOT NULL,
    role TEXT DEFAULT 'employee' NOT NULL,
    CONSTRAINT pk_membership PRIMARY KEY (merchant_id, staff_id, store_id),
    CONSTRAINT fk_membership_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_membership_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_membership_role CHECK (role in ('employee', 'manager'))
)
-- ;;
CREATE INDEX ix_membership_store ON membership (store_id, staff_id)
-- ;;
CREATE TABLE plan_version (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    number INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    definition JSONB NOT NULL,
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_plan_version PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_plan_version_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_plan_version_created_by FOREIGN KEY(merchant_id, created_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_plan_version_purpose CHECK (purpose in ('care', 'marketing')),
    CONSTRAINT ck_plan_version_number CHECK (number > 0)
)
-- ;;
CREATE UNIQUE INDEX uq_plan_version_plan_id ON plan_version (plan_id, number, merchant_id) WHERE number > 0
-- ;;
CREATE TABLE refresh_family (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    device TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoke_reason TEXT,
    CONSTRAINT pk_refresh_family PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_refresh_family_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id)
)
-- ;;
CREATE INDEX ix_refresh_family_staff ON refresh_family (staff_id) WHERE revoked_at is null
-- ;;
CREATE TABLE roster_day (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    day_on DATE NOT NULL,
    works BOOLEAN NOT NULL,
    store_id UUID,
    CONSTRAINT pk_roster_day PRIMARY KEY (merchant_id, staff_id, day_on),
    CONSTRAINT fk_roster_day_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_roster_day_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id)
)
-- ;;
CREATE TABLE staff_leave (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_staff_leave PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_staff_leave_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_staff_leave_order CHECK (to_on >= from_on)
)
-- ;;
CREATE INDEX ix_staff_leave_staff ON staff_leave (staff_id, to_on)
-- ;;
CREATE TABLE store_closure (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_store_closure PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_store_closure_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_store_closure_order CHECK (to_on >= from_on)
)
-- ;;
CREATE INDEX ix_store_closure_store ON store_closure (store_id)
-- ;;
CREATE TABLE store_hours (
    merchant_id UUID NOT NULL,
    store_id UUID NOT NULL,
    weekday INTEGER NOT NULL,
    opens TIME WITHOUT TIME ZONE NOT NULL,
    closes TIME WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_store_hours PRIMARY KEY (merchant_id, store_id, weekday),
    CONSTRAINT fk_store_hours_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_store_hours_weekday CHECK (weekday between 0 and 6)
)
-- ;;
CREATE TABLE store_revision (
    merchant_id UUID NOT NULL,
    store_id UUID NOT NULL,
    rev BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_store_revision PRIMARY KEY (merchant_id, store_id),
    CONSTRAINT fk_store_revision_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id)
)
-- ;;
CREATE TABLE task_change (
    merchant_id UUID NOT NULL,
    store_id UUID NOT NULL,
    rev BIGINT NOT NULL,
    task_id UUID NOT NULL,
    left_staff_id UUID,
    CONSTRAINT pk_task_change PRIMARY KEY (merchant_id, store_id, rev, task_id),
    CONSTRAINT fk_task_change_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id)
)
-- ;;
CREATE TABLE appointment (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    external_id TEXT,
    customer_id UUID,
    store_id UUID NOT NULL,
    staff_id UUID,
    product_id UUID,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    starts_on DATE NOT NULL,
    precision TEXT DEFAULT 'exact' NOT NULL,
    status TEXT DEFAULT 'booked' NOT NULL,
    booked_at TIMESTAMP WITH TIME ZONE,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    deposit_cents BIGINT DEFAULT 0 NOT NULL,
    deposit_status TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_appointment PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_appointment_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_appointment_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_appointment_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_appointment_product_id FOREIGN KEY(merchant_id, product_id) REFERENCES product (merchant_id, id),
    CONSTRAINT ck_appointment_status CHECK (status in ('booked', 'confirmed', 'arrived', 'cancelled', 'missed')),
    CONSTRAINT ck_appointment_precision CHECK (precision in ('exact', 'half_day')),
    CONSTRAINT ck_appointment_deposit_status CHECK (deposit_status in ('paid', 'deducted', 'forfeited', 'returned')),
    CONSTRAINT ck_appointment_deposit CHECK (deposit_cents >= 0),
    CONSTRAINT uq_appointment_external_id_merchant_id UNIQUE (external_id, merchant_id)
)
-- ;;
CREATE INDEX ix_appointment_customer ON appointment (customer_id, starts_on) WHERE customer_id is not null
-- ;;
CREATE INDEX ix_appointment_store ON appointment (store_id, starts_on)
-- ;;
CREATE TABLE card (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    external_id TEXT NOT NULL,
    card_product_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    store_id UUID,
    sold_by UUID,
    opened_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_card PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_card_card_product_id FOREIGN KEY(merchant_id, card_product_id) REFERENCES card_product (merchant_id, id),
    CONSTRAINT fk_card_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_card_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_card_sold_by FOREIGN KEY(merchant_id, sold_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_card_external_id CHECK (external_id <> '')
)
-- ;;
CREATE INDEX ix_card_customer ON card (customer_id)
-- ;;
CREATE UNIQUE INDEX uq_card_external_id ON card (external_id, merchant_id) WHERE external_id <> ''
-- ;;
CREATE TABLE consent (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT NOT NULL,
    granted BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    staff_id UUID,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_consent_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_consent_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_consent_kind CHECK (kind in ('person', 'automatic'))
)
-- ;;
CREATE INDEX ix_consent_customer ON consent (customer_id, kind, at)
-- ;;
CREATE TABLE contact_point (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT DEFAULT 'phone' NOT NULL,
    value_index UUID NOT NULL,
    tail_index UUID,
    sealed BYTEA NOT NULL,
    held_by UUID,
    valid BOOLEAN DEFAULT true NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_contact_point PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_contact_point_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_contact_point_held_by FOREIGN KEY(merchant_id, held_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_contact_point_kind CHECK (kind in ('phone', 'virtual', 'wechat', 'wecom')),
    CONSTRAINT uq_contact_point_customer_id_kind_value_index_merchant_id UNIQUE (customer_id, kind, value_index, merchant_id)
)
-- ;;
CREATE INDEX ix_contact_point_tail ON contact_point (tail_index, merchant_id) WHERE tail_index is not null
-- ;;
CREATE INDEX ix_contact_point_value ON contact_point (value_index, merchant_id)
-- ;;
CREATE TABLE customer_contact_state (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    no_phone_at TIMESTAMP WITH TIME ZONE,
    no_wechat_at TIMESTAMP WITH TIME ZONE,
    no_contact_at TIMESTAMP WITH TIME ZONE,
    wrong_number_at TIMESTAMP WITH TIME ZONE,
    complaint_at TIMESTAMP WITH TIME ZONE,
    marketing_frozen_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_customer_contact_state PRIMARY KEY (merchant_id, customer_id),
    CONSTRAINT fk_customer_contact_state_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id)
)
-- ;;
CREATE TABLE customer_facts (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    first_visit_on DATE,
    last_visit_on DATE,
    visit_count INTEGER DEFAULT 0 NOT NULL,
    spend_cash_cents BIGINT DEFAULT 0 NOT NULL,
    spend_card_cents BIGINT DEFAULT 0 NOT NULL,
    purchase_count INTEGER DEFAULT 0 NOT NULL,
    first_purchase_at TIMESTAMP WITH TIME ZONE,
    last_purchase_at TIMESTAMP WITH TIME ZONE,
    highest_payment_cents BIGINT DEFAULT 0 NOT NULL,
    card_count INTEGER DEFAULT 0 NOT NULL,
    card_principal_cents BIGINT DEFAULT 0 NOT NULL,
    card_gift_cents BIGINT DEFAULT 0 NOT NULL,
    card_uses_left INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_customer_facts PRIMARY KEY (merchant_id, customer_id),
    CONSTRAINT fk_customer_facts_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id)
)
-- ;;
CREATE INDEX ix_customer_facts_first_visit ON customer_facts (first_visit_on, customer_id)
-- ;;
CREATE INDEX ix_customer_facts_last_visit ON customer_facts (last_visit_on, customer_id)
-- ;;
CREATE TABLE customer_name_token (
    merchant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    token UUID NOT NULL,
    CONSTRAINT pk_customer_name_token PRIMARY KEY (merchant_id, customer_id, token),
    CONSTRAINT fk_customer_name_token_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id)
)
-- ;;
CREATE INDEX ix_customer_name_token_token ON customer_name_token (token, merchant_id)
-- ;;
CREATE TABLE customer_staff (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    role TEXT DEFAULT 'consultant' NOT NULL,
    category TEXT,
    from_on DATE NOT NULL,
    to_on DATE,
    CONSTRAINT pk_customer_staff PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_customer_staff_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_customer_staff_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_customer_staff_role CHECK (role in ('consultant', 'technician')),
    CONSTRAINT ck_customer_staff_order CHECK (to_on is null or to_on >= from_on)
)
-- ;;
CREATE INDEX ix_customer_staff_customer ON customer_staff (customer_id, role) WHERE to_on is null
-- ;;
CREATE INDEX ix_customer_staff_staff ON customer_staff (staff_id) WHERE to_on is null
-- ;;
CREATE TABLE occurrence (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    version_id UUID NOT NULL,
    timezone TEXT NOT NULL,
    fires_on DATE NOT NULL,
    fire_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'due' NOT NULL,
    epoch BIGINT DEFAULT 0 NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    cursor UUID,
    audience INTEGER,
    started_at TIMESTAMP WITH TIME ZONE,
    progress_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    fault TEXT,
    CONSTRAINT pk_occurrence PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_occurrence_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_occurrence_version_id FOREIGN KEY(merchant_id, version_id) REFERENCES plan_version (merchant_id, id),
    CONSTRAINT ck_occurrence_state CHECK (state in ('due', 'running', 'done', 'failed', 'missed', 'cancelled')),
    CONSTRAINT ck_occurrence_timezone CHECK (timezone <> ''),
    CONSTRAINT ck_occurrence_lease CHECK (state <> 'running' or lease_until is not null)
)
-- ;;
CREATE INDEX ix_occurrence_open ON occurrence (fire_at) WHERE state in ('due', 'running')
-- ;;
CREATE UNIQUE INDEX uq_occurrence_plan_id ON occurrence (plan_id, timezone, fires_on, merchant_id) WHERE timezone <> ''
-- ;;
CREATE TABLE phone_reveal (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    task_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    revealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revealed_on DATE NOT NULL,
    times INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_phone_reveal PRIMARY KEY (merchant_id, staff_id, task_id),
    CONSTRAINT fk_phone_reveal_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_phone_reveal_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id)
)
-- ;;
CREATE INDEX ix_phone_reveal_day ON phone_reveal (staff_id, revealed_on)
-- ;;
CREATE TABLE refresh_token (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    family_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    sealed_successor BYTEA,
    CONSTRAINT pk_refresh_token PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_refresh_token_family_id FOREIGN KEY(merchant_id, family_id) REFERENCES refresh_family (merchant_id, id)
)
-- ;;
CREATE INDEX ix_refresh_token_family ON refresh_token (family_id)
-- ;;
CREATE TABLE sale (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    external_id TEXT NOT NULL,
    store_id UUID NOT NULL,
    customer_id UUID,
    sold_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sold_on DATE NOT NULL,
    cash_cents BIGINT NOT NULL,
    card_cents BIGINT NOT NULL,
    tax_cents BIGINT DEFAULT 0 NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sale PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_sale_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_sale_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT ck_sale_external_id CHECK (external_id <> '')
)
-- ;;
CREATE INDEX ix_sale_customer ON sale (customer_id, sold_at) WHERE customer_id is not null
-- ;;
CREATE INDEX ix_sale_store ON sale (store_id, sold_on)
-- ;;
CREATE UNIQUE INDEX uq_sale_external_id ON sale (external_id, merchant_id) WHERE external_id <> ''
-- ;;
CREATE TABLE task (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    assignee_id UUID,
    origin TEXT DEFAULT 'plan' NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    priority INTEGER DEFAULT 500 NOT NULL,
    value_cents BIGINT DEFAULT 0 NOT NULL,
    opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opens_on DATE NOT NULL,
    contact_from TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    wait_until TIMESTAMP WITH TIME ZONE,
    wait_kind TEXT,
    attempts INTEGER DEFAULT 0 NOT NULL,
    urged_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    close_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_task PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_task_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_task_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_task_assignee_id FOREIGN KEY(merchant_id, assignee_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_task_origin CHECK (origin in ('plan', 'own', 'recovery', 'test')),
    CONSTRAINT ck_task_status CHECK (status in ('queued', 'open', 'in_progress', 'waiting', 'done', 'expired', 'moot', 'cancelled')),
    CONSTRAINT ck_task_close_reason CHECK (close_reason in ('callback', 'exhausted', 'skipped', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled')),
    CONSTRAINT ck_task_priority CHECK (priority between 0 and 999),
    CONSTRAINT ck_task_closed CHECK ((status in ('queued', 'open', 'in_progress', 'waiting')) = (closed_at is null)),
    CONSTRAINT ck_task_wait CHECK (status <> 'waiting' or wait_until is not null)
)
-- ;;
CREATE INDEX ix_task_assignee_day ON task (assignee_id, opens_on)
-- ;;
CREATE INDEX ix_task_assignee_live ON task (assignee_id, status, due_at) WHERE status in ('queued', 'open', 'in_progress', 'waiting')
-- ;;
CREATE INDEX ix_task_closed ON task (assignee_id, closed_at) WHERE closed_at is not null
-- ;;
CREATE INDEX ix_task_customer ON task (customer_id, created_at)
-- ;;
CREATE INDEX ix_task_expiry ON task (expires_at) WHERE status in ('queued', 'open', 'in_progress', 'waiting')
-- ;;
CREATE INDEX ix_task_pool ON task (store_id, status, due_at) WHERE assignee_id is null and status in ('queued', 'open', 'in_progress', 'waiting')
-- ;;
CREATE INDEX ix_task_store_day ON task (store_id, opens_on)
-- ;;
CREATE INDEX ix_task_wait ON task (wait_until) WHERE status = 'waiting'
-- ;;
CREATE INDEX ix_task_wake ON task (opens_at) WHERE status = 'queued'
-- ;;
CREATE UNIQUE INDEX uq_task_customer_live ON task (customer_id, merchant_id) WHERE origin = 'plan' and status in ('queued', 'open', 'in_progress', 'waiting')
-- ;;
CREATE TABLE visit (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    store_id UUID NOT NULL,
    visited_on DATE NOT NULL,
    visited_at TIMESTAMP WITH TIME ZONE NOT NULL,
    served_by UUID,
    product_id UUID,
    said_at TIMESTAMP WITH TIME ZONE,
    said_by UUID,
    said_product_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_visit PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_visit_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_visit_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_visit_said_by FOREIGN KEY(merchant_id, said_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_visit_said_product_id FOREIGN KEY(merchant_id, said_product_id) REFERENCES product (merchant_id, id),
    CONSTRAINT uq_visit_customer_id_store_id_visited_on_merchant_id UNIQUE (customer_id, store_id, visited_on, merchant_id)
)
-- ;;
CREATE INDEX ix_visit_day ON visit (visited_on, store_id)
-- ;;
CREATE TABLE callback (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    task_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    action_id UUID NOT NULL,
    outcome TEXT NOT NULL,
    channel TEXT NOT NULL,
    fields JSONB NOT NULL,
    sealed BYTEA,
    corrects UUID,
    verdict TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_callback PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_callback_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_callback_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_callback_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_callback_corrects FOREIGN KEY(merchant_id, corrects) REFERENCES callback (merchant_id, id),
    CONSTRAINT ck_callback_outcome CHECK (outcome in ('booked', 'no_answer', 'callback_requested', 'refused_contact')),
    CONSTRAINT ck_callback_verdict CHECK (verdict in ('applied', 'duplicate', 'superseded', 'rejected'))
)
-- ;;
CREATE INDEX ix_callback_customer ON callback (customer_id, occurred_at)
-- ;;
CREATE INDEX ix_callback_staff ON callback (staff_id, occurred_at)
-- ;;
CREATE INDEX ix_callback_task ON callback (task_id, occurred_at)
-- ;;
CREATE TABLE card_entry (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    card_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    principal_cents BIGINT DEFAULT 0 NOT NULL,
    gift_cents BIGINT DEFAULT 0 NOT NULL,
    uses INTEGER DEFAULT 0 NOT NULL,
    item_no INTEGER,
    expires_on DATE,
    frozen BOOLEAN,
    sale_id UUID,
    store_id UUID,
    staff_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    occurred_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_card_entry PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_card_entry_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_card_entry_sale_id FOREIGN KEY(merchant_id, sale_id) REFERENCES sale (merchant_id, id),
    CONSTRAINT fk_card_entry_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_card_entry_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_card_entry_kind CHECK (kind in ('open', 'top_up', 'consume', 'refund', 'expire', 'transfer_in', 'transfer_out', 'freeze', 'extend', 'upgrade', 'adjust', 'close')),
    CONSTRAINT ck_card_entry_freeze CHECK ((kind = 'freeze') = (frozen is not null)),
    CONSTRAINT uq_card_entry_external_id_merchant_id UNIQUE (external_id, merchant_id)
)
-- ;;
CREATE INDEX ix_card_entry_card ON card_entry (card_id, occurred_at)
-- ;;
CREATE TABLE card_facts (
    merchant_id UUID NOT NULL,
    card_id UUID NOT NULL,
    status TEXT DEFAULT 'open' NOT NULL,
    principal_cents BIGINT DEFAULT 0 NOT NULL,
    gift_cents BIGINT DEFAULT 0 NOT NULL,
    balance_cents BIGINT DEFAULT 0 NOT NULL,
    uses_left INTEGER DEFAULT 0 NOT NULL,
    expires_on DATE,
    frozen BOOLEAN DEFAULT false NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    last_topped_up_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_card_facts PRIMARY KEY (merchant_id, card_id),
    CONSTRAINT fk_card_facts_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_card_facts_status CHECK (status in ('open', 'closed')),
    CONSTRAINT ck_card_facts_balance CHECK (balance_cents = principal_cents + gift_cents)
)
-- ;;
CREATE INDEX ix_card_facts_balance ON card_facts (balance_cents, card_id) WHERE status = 'open' and balance_cents > 0
-- ;;
CREATE INDEX ix_card_facts_expiry ON card_facts (expires_on, card_id) WHERE status = 'open' and expires_on is not null
-- ;;
CREATE INDEX ix_card_facts_uses ON card_facts (uses_left, card_id) WHERE status = 'open' and uses_left > 0
-- ;;
CREATE TABLE card_holder (
    merchant_id UUID NOT NULL,
    card_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    CONSTRAINT pk_card_holder PRIMARY KEY (merchant_id, card_id, customer_id),
    CONSTRAINT fk_card_holder_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_card_holder_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id)
)
-- ;;
CREATE INDEX ix_card_holder_customer ON card_holder (customer_id, card_id) WHERE to_on is null
-- ;;
CREATE TABLE card_item (
    merchant_id UUID NOT NULL,
    card_id UUID NOT NULL,
    item_no INTEGER NOT NULL,
    product_id UUID,
    category TEXT,
    CONSTRAINT pk_card_item PRIMARY KEY (merchant_id, card_id, item_no),
    CONSTRAINT fk_card_item_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_card_item_product_id FOREIGN KEY(merchant_id, product_id) REFERENCES product (merchant_id, id)
)
-- ;;
CREATE TABLE contact (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    task_id UUID,
    staff_id UUID,
    channel TEXT NOT NULL,
    human BOOLEAN DEFAULT true NOT NULL,
    marketing BOOLEAN DEFAULT false NOT NULL,
    reached BOOLEAN DEFAULT false NOT NULL,
    phone_index UUID,
    contacted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    contacted_on DATE NOT NULL,
    CONSTRAINT pk_contact PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_contact_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_contact_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_contact_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_contact_channel CHECK (channel in ('phone', 'wechat', 'in_store', 'sms'))
)
-- ;;
CREATE INDEX ix_contact_customer ON contact (customer_id, contacted_at)
-- ;;
CREATE INDEX ix_contact_phone ON contact (phone_index, contacted_at) WHERE phone_index is not null and marketing
-- ;;
CREATE TABLE enrolment (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    version_id UUID NOT NULL,
    scope_id UUID NOT NULL,
    entry_key TEXT NOT NULL,
    guard TEXT,
    customer_id UUID NOT NULL,
    card_id UUID,
    event_id UUID,
    occurrence_id UUID,
    store_id UUID,
    state TEXT DEFAULT 'waiting' NOT NULL,
    step INTEGER DEFAULT 0 NOT NULL,
    fire_at TIMESTAMP WITH TIME ZONE NOT NULL,
    fires_on DATE NOT NULL,
    exit_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_enrolment PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_enrolment_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_enrolment_version_id FOREIGN KEY(merchant_id, version_id) REFERENCES plan_version (merchant_id, id),
    CONSTRAINT fk_enrolment_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_enrolment_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id),
    CONSTRAINT fk_enrolment_event_id FOREIGN KEY(merchant_id, event_id) REFERENCES event (merchant_id, id),
    CONSTRAINT fk_enrolment_occurrence_id FOREIGN KEY(merchant_id, occurrence_id) REFERENCES occurrence (merchant_id, id),
    CONSTRAINT fk_enrolment_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT ck_enrolment_state CHECK (state in ('waiting', 'active', 'completed', 'converted', 'exited', 'failed')),
    CONSTRAINT ck_enrolment_entry_key CHECK (entry_key <> '')
)
-- ;;
CREATE INDEX ix_enrolment_due ON enrolment (fire_at, merchant_id) WHERE state = 'waiting'
-- ;;
CREATE INDEX ix_enrolment_live ON enrolment (customer_id, plan_id) WHERE state in ('waiting', 'active')
-- ;;
CREATE UNIQUE INDEX uq_enrolment_guard ON enrolment (scope_id, plan_id, guard, merchant_id) WHERE guard is not null
-- ;;
CREATE UNIQUE INDEX uq_enrolment_scope_id ON enrolment (scope_id, plan_id, version_id, entry_key, merchant_id) WHERE entry_key <> ''
-- ;;
CREATE TABLE sale_line (
    merchant_id UUID NOT NULL,
    sale_id UUID NOT NULL,
    line_no INTEGER NOT NULL,
    product_id UUID,
    description TEXT DEFAULT '' NOT NULL,
    quantity NUMERIC(12, 3) NOT NULL,
    cash_cents BIGINT NOT NULL,
    card_cents BIGINT NOT NULL,
    tax_cents BIGINT DEFAULT 0 NOT NULL,
    staff_id UUID,
    requested BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_sale_line PRIMARY KEY (merchant_id, sale_id, line_no),
    CONSTRAINT fk_sale_line_sale_id FOREIGN KEY(merchant_id, sale_id) REFERENCES sale (merchant_id, id) ON DELETE CASCADE
)
-- ;;
CREATE TABLE sale_line_helper (
    merchant_id UUID NOT NULL,
    sale_id UUID NOT NULL,
    line_no INTEGER NOT NULL,
    staff_id UUID NOT NULL,
    requested BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_sale_line_helper PRIMARY KEY (merchant_id, sale_id, line_no, staff_id),
    CONSTRAINT fk_sale_line_helper_sale_id FOREIGN KEY(merchant_id, sale_id) REFERENCES sale (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_sale_line_helper_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id)
)
-- ;;
CREATE TABLE script_copy (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    task_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    variant TEXT NOT NULL,
    edited BOOLEAN DEFAULT false NOT NULL,
    sealed BYTEA NOT NULL,
    copied_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_script_copy PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_script_copy_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_script_copy_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_script_copy_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id)
)
-- ;;
CREATE INDEX ix_script_copy_task ON script_copy (task_id, copied_at)
-- ;;
CREATE TABLE task_history (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    task_id UUID NOT NULL,
    action TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT,
    staff_id UUID,
    detail JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_task_history PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_task_history_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_task_history_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id)
)
-- ;;
CREATE INDEX ix_task_history_task ON task_history (task_id, at)
-- ;;
CREATE TABLE decision (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    version_id UUID NOT NULL,
    occurrence_id UUID,
    enrolment_id UUID,
    scope_id UUID NOT NULL,
    entry_key TEXT NOT NULL,
    step INTEGER DEFAULT 0 NOT NULL,
    customer_id UUID NOT NULL,
    decided TEXT NOT NULL,
    reason TEXT,
    task_id UUID,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_decision_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_decision_version_id FOREIGN KEY(merchant_id, version_id) REFERENCES plan_version (merchant_id, id),
    CONSTRAINT fk_decision_occurrence_id FOREIGN KEY(merchant_id, occurrence_id) REFERENCES occurrence (merchant_id, id),
    CONSTRAINT fk_decision_enrolment_id FOREIGN KEY(merchant_id, enrolment_id) REFERENCES enrolment (merchant_id, id),
    CONSTRAINT fk_decision_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_decision_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT ck_decision_decided CHECK (decided in ('task', 'merged', 'deferred', 'held_out', 'entry', 'suppressed', 'capped', 'no_capacity', 'too_late', 'exited', 'failed')),
    CONSTRAINT ck_decision_task CHECK ((decided in ('task', 'merged')) = (task_id is not null)),
    CONSTRAINT uq_decision_scope_id_plan_id_entry_key_step_merchant_id UNIQUE (scope_id, plan_id, entry_key, step, merchant_id)
)
-- ;;
CREATE INDEX ix_decision_customer ON decision (customer_id, decided_at)
-- ;;
CREATE INDEX ix_decision_plan ON decision (plan_id, decided_at)
-- ;;
CREATE TABLE task_reason (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    task_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    version_id UUID NOT NULL,
    enrolment_id UUID NOT NULL,
    step INTEGER DEFAULT 0 NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT DEFAULT 'live' NOT NULL,
    close_reason TEXT,
    card_id UUID,
    event_id UUID,
    result TEXT,
    result_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_task_reason PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_task_reason_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_task_reason_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_task_reason_version_id FOREIGN KEY(merchant_id, version_id) REFERENCES plan_version (merchant_id, id),
    CONSTRAINT fk_task_reason_enrolment_id FOREIGN KEY(merchant_id, enrolment_id) REFERENCES enrolment (merchant_id, id),
    CONSTRAINT fk_task_reason_card_id FOREIGN KEY(merchant_id, card_id) REFERENCES card (merchant_id, id),
    CONSTRAINT fk_task_reason_event_id FOREIGN KEY(merchant_id, event_id) REFERENCES event (merchant_id, id),
    CONSTRAINT ck_task_reason_state CHECK (state in ('live', 'closed')),
    CONSTRAINT ck_task_reason_close_reason CHECK (close_reason in ('callback', 'exhausted', 'skipped', 'booked', 'arrived', 'purchased', 'topped_up', 'refunded', 'complained', 'card_closed', 'do_not_contact', 'expired', 'cancelled')),
    CONSTRAINT ck_task_reason_closed CHECK ((state = 'live') = (closed_at is null)),
    CONSTRAINT ck_task_reason_step CHECK (step >= 0)
)
-- ;;
CREATE INDEX ix_task_reason_plan ON task_reason (plan_id, created_at)
-- ;;
CREATE INDEX ix_task_reason_task ON task_reason (task_id)
-- ;;
CREATE UNIQUE INDEX uq_task_reason_enrolment_id ON task_reason (enrolment_id, step, merchant_id) WHERE step >= 0
-- ;;
CREATE TABLE credit (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    evidence_id UUID NOT NULL,
    task_id UUID NOT NULL,
    reason_id UUID,
    plan_id UUID,
    staff_id UUID NOT NULL,
    store_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    variant TEXT,
    cash_cents BIGINT DEFAULT 0 NOT NULL,
    card_cents BIGINT DEFAULT 0 NOT NULL,
    credited_at TIMESTAMP WITH TIME ZONE NOT NULL,
    credited_on DATE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoke_reason TEXT,
    CONSTRAINT pk_credit PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_credit_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_credit_reason_id FOREIGN KEY(merchant_id, reason_id) REFERENCES task_reason (merchant_id, id),
    CONSTRAINT fk_credit_plan_id FOREIGN KEY(merchant_id, plan_id) REFERENCES plan (merchant_id, id),
    CONSTRAINT fk_credit_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_credit_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_credit_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_credit_contact_id FOREIGN KEY(merchant_id, contact_id) REFERENCES contact (merchant_id, id),
    CONSTRAINT ck_credit_kind CHECK (kind in ('booked', 'arrived', 'purchased')),
    CONSTRAINT uq_credit_evidence_id_kind_merchant_id UNIQUE (evidence_id, kind, merchant_id)
)
-- ;;
CREATE INDEX ix_credit_plan ON credit (plan_id, credited_on)
-- ;;
CREATE INDEX ix_credit_staff ON credit (staff_id, credited_on)
-- ;;
CREATE INDEX ix_credit_task ON credit (task_id)
-- ;;
alter table event enable row level security
-- ;;
alter table event force row level security
-- ;;
create policy tenant on event to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table merchant enable row level security
-- ;;
alter table merchant force row level security
-- ;;
create policy tenant on merchant to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table api_key enable row level security
-- ;;
alter table api_key force row level security
-- ;;
create policy tenant on api_key to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card_product enable row level security
-- ;;
alter table card_product force row level security
-- ;;
create policy tenant on card_product to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table event_echo enable row level security
-- ;;
alter table event_echo force row level security
-- ;;
create policy tenant on event_echo to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table import_run enable row level security
-- ;;
alter table import_run force row level security
-- ;;
create policy tenant on import_run to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table plan enable row level security
-- ;;
alter table plan force row level security
-- ;;
create policy tenant on plan to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table product enable row level security
-- ;;
alter table product force row level security
-- ;;
create policy tenant on product to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table staff enable row level security
-- ;;
alter table staff force row level security
-- ;;
create policy tenant on staff to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store enable row level security
-- ;;
alter table store force row level security
-- ;;
create policy tenant on store to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table action enable row level security
-- ;;
alter table action force row level security
-- ;;
create policy tenant on action to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer enable row level security
-- ;;
alter table customer force row level security
-- ;;
create policy tenant on customer to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table import_reject enable row level security
-- ;;
alter table import_reject force row level security
-- ;;
create policy tenant on import_reject to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table membership enable row level security
-- ;;
alter table membership force row level security
-- ;;
create policy tenant on membership to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table plan_version enable row level security
-- ;;
alter table plan_version force row level security
-- ;;
create policy tenant on plan_version to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table refresh_family enable row level security
-- ;;
alter table refresh_family force row level security
-- ;;
create policy tenant on refresh_family to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table roster_day enable row level security
-- ;;
alter table roster_day force row level security
-- ;;
create policy tenant on roster_day to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table staff_leave enable row level security
-- ;;
alter table staff_leave force row level security
-- ;;
create policy tenant on staff_leave to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store_closure enable row level security
-- ;;
alter table store_closure force row level security
-- ;;
create policy tenant on store_closure to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store_hours enable row level security
-- ;;
alter table store_hours force row level security
-- ;;
create policy tenant on store_hours to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table store_revision enable row level security
-- ;;
alter table store_revision force row level security
-- ;;
create policy tenant on store_revision to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table task_change enable row level security
-- ;;
alter table task_change force row level security
-- ;;
create policy tenant on task_change to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table appointment enable row level security
-- ;;
alter table appointment force row level security
-- ;;
create policy tenant on appointment to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card enable row level security
-- ;;
alter table card force row level security
-- ;;
create policy tenant on card to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table consent enable row level security
-- ;;
alter table consent force row level security
-- ;;
create policy tenant on consent to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table contact_point enable row level security
-- ;;
alter table contact_point force row level security
-- ;;
create policy tenant on contact_point to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_contact_state enable row level security
-- ;;
alter table customer_contact_state force row level security
-- ;;
create policy tenant on customer_contact_state to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_facts enable row level security
-- ;;
alter table customer_facts force row level security
-- ;;
create policy tenant on customer_facts to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_name_token enable row level security
-- ;;
alter table customer_name_token force row level security
-- ;;
create policy tenant on customer_name_token to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table customer_staff enable row level security
-- ;;
alter table customer_staff force row level security
-- ;;
create policy tenant on customer_staff to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table occurrence enable row level security
-- ;;
alter table occurrence force row level security
-- ;;
create policy tenant on occurrence to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table phone_reveal enable row level security
-- ;;
alter table phone_reveal force row level security
-- ;;
create policy tenant on phone_reveal to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table refresh_token enable row level security
-- ;;
alter table refresh_token force row level security
-- ;;
create policy tenant on refresh_token to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table sale enable row level security
-- ;;
alter table sale force row level security
-- ;;
create policy tenant on sale to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table task enable row level security
-- ;;
alter table task force row level security
-- ;;
create policy tenant on task to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table visit enable row level security
-- ;;
alter table visit force row level security
-- ;;
create policy tenant on visit to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table callback enable row level security
-- ;;
alter table callback force row level security
-- ;;
create policy tenant on callback to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card_entry enable row level security
-- ;;
alter table card_entry force row level security
-- ;;
create policy tenant on card_entry to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card_facts enable row level security
-- ;;
alter table card_facts force row level security
-- ;;
create policy tenant on card_facts to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card_holder enable row level security
-- ;;
alter table card_holder force row level security
-- ;;
create policy tenant on card_holder to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table card_item enable row level security
-- ;;
alter table card_item force row level security
-- ;;
create policy tenant on card_item to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table contact enable row level security
-- ;;
alter table contact force row level security
-- ;;
create policy tenant on contact to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table enrolment enable row level security
-- ;;
alter table enrolment force row level security
-- ;;
create policy tenant on enrolment to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table sale_line enable row level security
-- ;;
alter table sale_line force row level security
-- ;;
create policy tenant on sale_line to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table sale_line_helper enable row level security
-- ;;
alter table sale_line_helper force row level security
-- ;;
create policy tenant on sale_line_helper to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table script_copy enable row level security
-- ;;
alter table script_copy force row level security
-- ;;
create policy tenant on script_copy to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table task_history enable row level security
-- ;;
alter table task_history force row level security
-- ;;
create policy tenant on task_history to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table decision enable row level security
-- ;;
alter table decision force row level security
-- ;;
create policy tenant on decision to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table task_reason enable row level security
-- ;;
alter table task_reason force row level security
-- ;;
create policy tenant on task_reason to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table credit enable row level security
-- ;;
alter table credit force row level security
-- ;;
create policy tenant on credit to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant usage on schema public to huifang_app
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
-- ;;
grant usage on schema public to huifang_definer
-- ;;
grant select (merchant_id, id, login_index, status) on staff to huifang_definer
-- ;;
create policy definer on staff for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, stopped_at) on merchant to huifang_definer
-- ;;
create policy definer on merchant for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, state, planned_until) on plan to huifang_definer
-- ;;
create policy definer on plan for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, state, fire_at, lease_until) on occurrence to huifang_definer
-- ;;
create policy definer on occurrence for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, state, fire_at) on enrolment to huifang_definer
-- ;;
create policy definer on enrolment for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, status, opens_at, wait_until, expires_at) on task to huifang_definer
-- ;;
create policy definer on task for select to huifang_definer using (true)
-- ;;
grant select (merchant_id, state, received_at) on event to huifang_definer
-- ;;
create policy definer on event for select to huifang_definer using (true)
-- ;;
grant create on schema public to huifang_definer
-- ;;
create function login_candidates(wanted uuid) returns table (merchant_id uuid, staff_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select s.merchant_id, s.id from staff s where s.login_index = wanted and s.status = 'active' order by s.merchant_id $body$
-- ;;
alter function login_candidates owner to huifang_definer
-- ;;
revoke all on function login_candidates from public
-- ;;
grant execute on function login_candidates to huifang_app
-- ;;
create function all_merchants() returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select m.merchant_id from merchant m order by m.merchant_id $body$
-- ;;
alter function all_merchants owner to huifang_definer
-- ;;
revoke all on function all_merchants from public
-- ;;
grant execute on function all_merchants to huifang_app
-- ;;
create function merchants_to_plan(until timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select distinct p.merchant_id from plan p where p.state = 'active' and (p.planned_until is null or p.planned_until < until) $body$
-- ;;
alter function merchants_to_plan owner to huifang_definer
-- ;;
revoke all on function merchants_to_plan from public
-- ;;
grant execute on function merchants_to_plan to huifang_app
-- ;;
create function merchants_due(business timestamptz) returns table (merchant_id uuid) language sql stable security definer set search_path = public, pg_temp as $body$ select o.merchant_id from occurrence o
           where o.state in ('due', 'running') and o.fire_at <= business and (o.state = 'due' or o.lease_until < clock_timestamp())
           union select e.merchant_id from enrolment e where e.state = 'waiting' and e.fire_at <= business
           union select e.merchant_id from event e where e.state = 'set_aside'
           union select t.merchant_id from task t where t.status = 'queued' and t.opens_at <= business
           union select t.merchant_id from task t where t.status = 'waiting' and t.wait_until <= business
           union select t.merchant_id from task t
             where t.status in ('queued', 'open', 'in_progress', 'waiting') and t.expires_at <= business $body$
-- ;;
alter function merchants_due owner to huifang_definer
-- ;;
revoke all on function merchants_due from public
-- ;;
grant execute on function merchants_due to huifang_app
-- ;;
revoke create on schema public from huifang_definer
-- ;;
create function refresh_stats(wanted text[]) returns void language plpgsql security definer set search_path = public, pg_temp as $body$ declare one text; begin foreach one in array wanted loop if exists (select from pg_tables where schemaname = 'public' and tablename = one) then execute format('analyze %I', one); end if; end loop; end $body$
-- ;;
revoke all on function refresh_stats from public
-- ;;
grant execute on function refresh_stats to huifang_app
-- ;;
create function new_uuid7() returns uuid language sql volatile parallel safe as $body$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid $body$
-- ;;
insert into clock_setting (id, offset_us) values (1, 0)
