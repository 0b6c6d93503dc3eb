"""PostgreSQL: tables, engine, migrations and the queries of each subject."""
