grant select, insert, update, delete on all tables in schema public to huifang_app
