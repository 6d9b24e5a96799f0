alter table store_revision add column floor_rev BIGINT DEFAULT 0 NOT NULL
-- ;;
alter table task_change add column changed_at TIMESTAMP WITH TIME ZONE
-- ;;
CREATE INDEX ix_task_store_live ON task (store_id, id) WHERE status in ('queued', 'open', 'in_progress', 'waiting')
-- ;;
grant select, insert, update, delete on all tables in schema public to huifang_app
