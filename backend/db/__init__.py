"""The database as the product uses it: schema, row-level security, migrations, and the unit of work.

Promises: every tenant table has forced row-level security, the app role owns nothing, and what the functions with the definer's rights may do is in one file.
"""
