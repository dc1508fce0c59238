"""The database: tables, the session (the only commit), queries by noun, migrations."""
