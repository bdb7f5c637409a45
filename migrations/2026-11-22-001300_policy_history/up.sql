-- Each policy that was ever in force: a stored decision names the version that it followed.

CREATE TABLE dedup_policy (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    category_id uuid NOT NULL,
    version integer NOT NULL,
    document jsonb NOT NULL,
    rejected_days integer NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (jurisdiction_id, category_id, version),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id)
);
COMMENT ON TABLE dedup_policy IS 'Policies of geo-dedup by category and version; append-only. Who set one stands in the audit trail.';
COMMENT ON COLUMN dedup_policy.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN dedup_policy.category_id IS 'Category.';
COMMENT ON COLUMN dedup_policy.version IS 'Grows with each change.';
COMMENT ON COLUMN dedup_policy.document IS 'What was set; see category.dedup.';
COMMENT ON COLUMN dedup_policy.rejected_days IS 'What was set; see category.rejected_days.';
COMMENT ON COLUMN dedup_policy.since IS 'From when on.';
CREATE TRIGGER dedup_policy_append_only BEFORE UPDATE OR DELETE ON dedup_policy FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION keep_dedup_policy() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN
    INSERT INTO dedup_policy (jurisdiction_id, category_id, version, document, rejected_days)
    VALUES (NEW.jurisdiction_id, NEW.id, NEW.dedup_version, NEW.dedup, NEW.rejected_days)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_dedup_policy() IS 'Keeps each version of a category''s policy, whoever set it.';
CREATE TRIGGER category_policy AFTER INSERT OR UPDATE ON category FOR EACH ROW EXECUTE FUNCTION keep_dedup_policy();

ALTER TABLE dedup_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE dedup_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON dedup_policy USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT, INSERT ON dedup_policy TO vigie_app;

-- The versions in force when this came.
DO $$
DECLARE town integer;
BEGIN
    FOR town IN SELECT id FROM jurisdiction LOOP
        PERFORM set_config('vigie.jurisdiction', town::text, true);
        INSERT INTO dedup_policy (jurisdiction_id, category_id, version, document, rejected_days)
        SELECT jurisdiction_id, id, dedup_version, dedup, rejected_days FROM category WHERE jurisdiction_id = town;
    END LOOP;
    PERFORM set_config('vigie.jurisdiction', '', true);
END $$;
