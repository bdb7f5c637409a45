-- What an operator asks: which jobs were given up, and whether the schema is the program's.

-- Asked at every look at the metrics: a handful among what may be many that wait.
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';

-- The application says at its start and to its probe which migrations lack. It never runs one.
GRANT SELECT ON __diesel_schema_migrations TO vigie_app;
REVOKE INSERT, UPDATE ON __diesel_schema_migrations FROM vigie_app;
