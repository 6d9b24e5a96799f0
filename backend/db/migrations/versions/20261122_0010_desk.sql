CREATE TABLE desk_search (
    merchant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    minute_from TIMESTAMP WITH TIME ZONE NOT NULL,
    in_minute INTEGER NOT NULL,
    counted_on DATE NOT NULL,
    in_day INTEGER NOT NULL,
    CONSTRAINT pk_desk_search PRIMARY KEY (merchant_id, staff_id),
    CONSTRAINT fk_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (merchant_id),
    CONSTRAINT fk_desk_search_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_desk_search_counts CHECK (in_minute >= 0 and in_day >= 0)
)
-- ;;
CREATE TABLE desk_entry (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    store_id UUID NOT NULL,
    customer_id UUID,
    staff_id UUID NOT NULL,
    made BOOLEAN DEFAULT true NOT NULL,
    visit_id UUID,
    sale_id UUID,
    card_entry_id UUID,
    appointment_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    voided_by UUID,
    CONSTRAINT pk_desk_entry PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_desk_entry_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_desk_entry_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_desk_entry_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_desk_entry_sale_id FOREIGN KEY(merchant_id, sale_id) REFERENCES sale (merchant_id, id),
    CONSTRAINT fk_desk_entry_voided_by FOREIGN KEY(merchant_id, voided_by) REFERENCES staff (merchant_id, id),
    CONSTRAINT ck_desk_entry_kind CHECK (kind in ('arrival', 'sale', 'top_up', 'card_use', 'appointment')),
    CONSTRAINT ck_desk_entry_voided CHECK ((voided_at is null) = (voided_by is null))
)
-- ;;
CREATE INDEX ix_desk_entry_store ON desk_entry (store_id, recorded_at, id)
-- ;;
CREATE INDEX ix_desk_entry_visit ON desk_entry (visit_id) WHERE visit_id is not null
-- ;;
CREATE TABLE desk_contact (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    store_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    direction TEXT DEFAULT 'inbound' NOT NULL,
    outcome TEXT,
    fields JSONB NOT NULL,
    sealed BYTEA,
    appointment_id UUID,
    task_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    behaviour TEXT,
    void_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_desk_contact PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_desk_contact_id FOREIGN KEY(merchant_id, id) REFERENCES contact (merchant_id, id),
    CONSTRAINT fk_desk_contact_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_desk_contact_store_id FOREIGN KEY(merchant_id, store_id) REFERENCES store (merchant_id, id),
    CONSTRAINT fk_desk_contact_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_desk_contact_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT ck_desk_contact_direction CHECK (direction in ('inbound', 'outbound'))
)
-- ;;
CREATE INDEX ix_desk_contact_customer ON desk_contact (customer_id, occurred_at)
-- ;;
alter table desk_search enable row level security
-- ;;
alter table desk_search force row level security
-- ;;
create policy tenant on desk_search to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table desk_entry enable row level security
-- ;;
alter table desk_entry force row level security
-- ;;
create policy tenant on desk_entry to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
alter table desk_contact enable row level security
-- ;;
alter table desk_contact force row level security
-- ;;
create policy tenant on desk_contact to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
