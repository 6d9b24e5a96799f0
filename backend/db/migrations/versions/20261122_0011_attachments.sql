CREATE TABLE attachment (
    merchant_id UUID NOT NULL,
    id UUID NOT NULL,
    task_id UUID,
    customer_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    callback_id UUID,
    state TEXT NOT NULL,
    kind TEXT,
    content_type TEXT,
    size BIGINT,
    digest BYTEA,
    announced_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stored_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_attachment PRIMARY KEY (merchant_id, id),
    CONSTRAINT fk_attachment_task_id FOREIGN KEY(merchant_id, task_id) REFERENCES task (merchant_id, id),
    CONSTRAINT fk_attachment_customer_id FOREIGN KEY(merchant_id, customer_id) REFERENCES customer (merchant_id, id),
    CONSTRAINT fk_attachment_staff_id FOREIGN KEY(merchant_id, staff_id) REFERENCES staff (merchant_id, id),
    CONSTRAINT fk_attachment_callback_id FOREIGN KEY(merchant_id, callback_id) REFERENCES callback (merchant_id, id),
    CONSTRAINT ck_attachment_state CHECK (state in ('promised', 'announced', 'stored')),
    CONSTRAINT ck_attachment_kind CHECK (kind in ('photo', 'screenshot', 'voice')),
    CONSTRAINT ck_attachment_content_type CHECK (content_type in ('image/jpeg', 'image/png', 'image/webp', 'image/heic', 'audio/mp4', 'audio/aac', 'audio/mpeg', 'audio/ogg', 'audio/amr', 'audio/webm')),
    CONSTRAINT ck_attachment_size CHECK (size between 1 and 16777216),
    CONSTRAINT ck_attachment_digest CHECK (length(digest) = 32),
    CONSTRAINT ck_attachment_announced CHECK (state = 'promised' or (task_id is not null and kind is not null and content_type is not null and size is not null and digest is not null)),
    CONSTRAINT ck_attachment_stored CHECK ((state = 'stored') = (stored_at is not null))
)
-- ;;
CREATE INDEX ix_attachment_callback ON attachment (callback_id) WHERE callback_id is not null
-- ;;
CREATE INDEX ix_attachment_customer ON attachment (customer_id)
-- ;;
CREATE INDEX ix_attachment_task ON attachment (task_id) WHERE task_id is not null
-- ;;
CREATE INDEX ix_attachment_waiting ON attachment (announced_at) WHERE state <> 'stored'
-- ;;
alter table attachment enable row level security
-- ;;
alter table attachment force row level security
-- ;;
create policy tenant on attachment to huifang_app using (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid)) with check (merchant_id = (select nullif(current_setting('app.merchant_id', true), '')::uuid))
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
