GRANT INSERT, UPDATE ON __diesel_schema_migrations TO vigie_app;
DROP INDEX job_dead;
