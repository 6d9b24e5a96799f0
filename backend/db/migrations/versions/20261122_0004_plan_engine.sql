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
grant select, insert, update, delete on all tables in schema public to huifang_app
