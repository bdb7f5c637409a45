REVOKE ALL ON ALL TABLES IN SCHEMA vault FROM vigie_vault;
REVOKE ALL ON FUNCTION vault.put(uuid, text, bytea, text[], bytea[], bytea[]) FROM vigie_app;
REVOKE ALL ON SCHEMA vault FROM vigie_app, vigie_vault;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM vigie_app;
DO $$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM vigie_app', t);
    END LOOP;
    FOR t IN SELECT polrelid::regclass FROM pg_policy WHERE polname = 'readable' LOOP
        EXECUTE format('DROP POLICY readable ON %s', t);
    END LOOP;
    FOR t IN SELECT polrelid::regclass FROM pg_policy WHERE polname = 'town' LOOP
        EXECUTE format('DROP POLICY town ON %s', t);
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
