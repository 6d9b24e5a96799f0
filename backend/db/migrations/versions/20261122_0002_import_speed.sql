alter table sale drop constraint fk_sale_store_id, drop constraint fk_sale_customer_id
-- ;;
alter table sale_line drop constraint fk_sale_line_sale_id
-- ;;
alter table visit drop constraint fk_visit_customer_id, drop constraint fk_visit_store_id, drop constraint fk_visit_said_by, drop constraint fk_visit_said_product_id
-- ;;
create function prove_sale() returns trigger language plpgsql set search_path = public, pg_temp set enable_seqscan = off as $body$
declare lost text;
begin
select 'fk_sale_store_id' into lost from (select distinct merchant_id, store_id as id from written where store_id is not null) w
where (select true from store p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of sale breaks ' || lost, table = 'sale', constraint = lost; end if;
select 'fk_sale_customer_id' into lost from (select distinct merchant_id, customer_id as id from written where customer_id is not null) w
where (select true from customer p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of sale breaks ' || lost, table = 'sale', constraint = lost; end if;
return null;
end $body$
-- ;;
create trigger prove_insert after insert on sale referencing new table as written for each statement execute function prove_sale()
-- ;;
create trigger prove_update after update on sale referencing new table as written for each statement execute function prove_sale()
-- ;;
create function prove_sale_line() returns trigger language plpgsql set search_path = public, pg_temp set enable_seqscan = off as $body$
declare lost text;
begin
select 'fk_sale_line_sale_id' into lost from (select distinct merchant_id, sale_id as id from written where sale_id is not null) w
where (select true from sale p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of sale_line breaks ' || lost, table = 'sale_line', constraint = lost; end if;
return null;
end $body$
-- ;;
create trigger prove_insert after insert on sale_line referencing new table as written for each statement execute function prove_sale_line()
-- ;;
create trigger prove_update after update on sale_line referencing new table as written for each statement execute function prove_sale_line()
-- ;;
create function prove_visit() returns trigger language plpgsql set search_path = public, pg_temp set enable_seqscan = off as $body$
declare lost text;
begin
select 'fk_visit_customer_id' into lost from (select distinct merchant_id, customer_id as id from written where customer_id is not null) w
where (select true from customer p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of visit breaks ' || lost, table = 'visit', constraint = lost; end if;
select 'fk_visit_store_id' into lost from (select distinct merchant_id, store_id as id from written where store_id is not null) w
where (select true from store p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of visit breaks ' || lost, table = 'visit', constraint = lost; end if;
select 'fk_visit_said_by' into lost from (select distinct merchant_id, said_by as id from written where said_by is not null) w
where (select true from staff p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of visit breaks ' || lost, table = 'visit', constraint = lost; end if;
select 'fk_visit_said_product_id' into lost from (select distinct merchant_id, said_product_id as id from written where said_product_id is not null) w
where (select true from product p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of visit breaks ' || lost, table = 'visit', constraint = lost; end if;
return null;
end $body$
-- ;;
create trigger prove_insert after insert on visit referencing new table as written for each statement execute function prove_visit()
-- ;;
create trigger prove_update after update on visit referencing new table as written for each statement execute function prove_visit()
-- ;;
create function keep_named() returns trigger language plpgsql as $body$ begin raise restrict_violation using message = 'rows of ' || tg_table_name || ' are kept under their ids', table = tg_table_name; end $body$
-- ;;
create trigger keep_named before delete or update of merchant_id, id on customer for each row execute function keep_named()
-- ;;
create trigger keep_named before delete or update of merchant_id, id on product for each row execute function keep_named()
-- ;;
create trigger keep_named before delete or update of merchant_id, id on sale for each row execute function keep_named()
-- ;;
create trigger keep_named before delete or update of merchant_id, id on staff for each row execute function keep_named()
-- ;;
create trigger keep_named before delete or update of merchant_id, id on store for each row execute function keep_named()
