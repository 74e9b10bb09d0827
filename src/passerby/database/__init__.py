"""The job database: its tables, their migrations, SQLite and PostgreSQL."""
