-- Row level security, the second wall between towns (the first: every query names its town), and what each role may do.
-- FORCE: the owner of the tables is held by it too.

DO $$
DECLARE t regclass;
BEGIN
    FOR t IN
        SELECT c.oid::regclass FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'jurisdiction_id' AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'vault') AND c.relname NOT IN ('job', 'public_id')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY town ON %s USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction())', t);
    END LOOP;
END $$;

-- The catalogue is the same for everybody and is read whole, for all towns, into memory: reading it needs no town.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['sector', 'body', 'service', 'crew', 'category', 'category_gate', 'routing_rule'] LOOP
        EXECUTE format('CREATE POLICY readable ON %I FOR SELECT USING (true)', t);
    END LOOP;
END $$;

DO $$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relowner = current_user::regrole
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO vigie_app', t);
    END LOOP;
END $$;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO vigie_app;
REVOKE UPDATE ON membership, alert_operation, verdict, status_event, notification_attempt, change, audit_event, subject FROM vigie_app;
REVOKE INSERT ON subject FROM vigie_app;
-- alert_word: an index of words, made again when reports leave an alert.
GRANT DELETE ON job, idempotency, category_gate, routing_rule, alert_word TO vigie_app;

GRANT USAGE ON SCHEMA vault TO vigie_app, vigie_vault;
GRANT EXECUTE ON FUNCTION vault.put(uuid, text, bytea, text[], bytea[], bytea[]) TO vigie_app;
GRANT SELECT ON vault.contact TO vigie_vault;
GRANT SELECT, UPDATE ON vault.person_key TO vigie_vault;
GRANT INSERT, SELECT ON vault.access_event TO vigie_vault;
