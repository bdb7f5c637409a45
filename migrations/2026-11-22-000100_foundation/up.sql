-- What every later migration leans on: the town of the current transaction, append-only tables, the catalogue's version.
-- Roles are not made here: they belong to the cluster, and `vigie migrate` makes them before the first migration.

CREATE FUNCTION current_jurisdiction() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('vigie.jurisdiction', true), '')::integer $$;
COMMENT ON FUNCTION current_jurisdiction() IS 'The town that this transaction works for (set_config(''vigie.jurisdiction'', id, true)); null, hence no row, when it was not set.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$;
COMMENT ON FUNCTION refuse_change() IS 'Trigger of the append-only tables: history is added to, never rewritten.';

CREATE TABLE catalogue_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL
);
COMMENT ON TABLE catalogue_version IS 'One row: a number that grows with every change of a catalogue table, so that servers know when to read the catalogue again.';
COMMENT ON COLUMN catalogue_version.only_row IS 'Always true: the table has one row.';
COMMENT ON COLUMN catalogue_version.version IS 'Grows by one with each statement that changed the catalogue.';
INSERT INTO catalogue_version (version) VALUES (1);

CREATE FUNCTION bump_catalogue_version() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN UPDATE catalogue_version SET version = version + 1; RETURN NULL; END $$;
COMMENT ON FUNCTION bump_catalogue_version() IS 'Statement trigger of the catalogue tables.';
