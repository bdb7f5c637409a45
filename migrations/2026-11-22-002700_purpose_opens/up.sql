-- What contact data are read for says which of them leave the database. The vault's login reads no ciphertext any more: it
-- names a person and a purpose, gets what that purpose opens, and the same call writes the line of the access trail.

ALTER TABLE vault.access_event DROP CONSTRAINT access_event_purpose_check;
ALTER TABLE vault.access_event ADD CONSTRAINT access_event_purpose_check
    CHECK (purpose IN ('notify', 'notify_email', 'notify_sms', 'call_back', 'letter', 'follow_up', 'handle'));
COMMENT ON COLUMN vault.access_event.purpose IS 'What for; notify: a message, of when mails and text messages were not told apart yet.';
COMMENT ON COLUMN vault.access_event.fields IS 'What was read: of what the purpose opens, as much as the person gave.';

CREATE FUNCTION vault.opened_by(p_purpose text)
RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_purpose
        WHEN 'notify_email' THEN ARRAY['email']
        WHEN 'notify_sms' THEN ARRAY['phone']
        WHEN 'call_back' THEN ARRAY['phone', 'name']
        WHEN 'letter' THEN ARRAY['name', 'postal_address']
        WHEN 'follow_up' THEN ARRAY['email']
        WHEN 'handle' THEN ARRAY['answers']
    END;
$$;
COMMENT ON FUNCTION vault.opened_by(text) IS 'Which contact data a purpose opens; null: none.';
REVOKE ALL ON FUNCTION vault.opened_by(text) FROM PUBLIC;

CREATE FUNCTION vault.reveal(p_subject uuid, p_purpose text, p_staff_user_id uuid, p_report_id uuid)
RETURNS TABLE (key_id text, wrapped_key bytea, field text, ciphertext bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO vault.access_event (jurisdiction_id, subject_id, fields, purpose, staff_user_id, report_id)
    SELECT k.jurisdiction_id, k.subject_id,
        ARRAY(
            SELECT c.field FROM vault.contact c
            WHERE c.jurisdiction_id = k.jurisdiction_id AND c.subject_id = k.subject_id
                AND c.field = ANY (vault.opened_by(p_purpose))
            ORDER BY c.field
        ),
        p_purpose, p_staff_user_id, p_report_id
    FROM vault.person_key k
    WHERE k.jurisdiction_id = public.current_jurisdiction() AND k.subject_id = p_subject;
    SELECT k.key_id, k.wrapped_key, c.field, c.ciphertext
    FROM vault.person_key k
    LEFT JOIN vault.contact c ON c.jurisdiction_id = k.jurisdiction_id AND c.subject_id = k.subject_id
        AND c.field = ANY (vault.opened_by(p_purpose))
    WHERE k.jurisdiction_id = public.current_jurisdiction() AND k.subject_id = p_subject;
$$;
COMMENT ON FUNCTION vault.reveal(uuid, text, uuid, uuid) IS 'A person''s wrapped key and those of their data that the purpose opens, in the caller''s town; one row without a datum when they gave none of them. The access trail is written by the same call.';
REVOKE ALL ON FUNCTION vault.reveal(uuid, text, uuid, uuid) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION vault.reveal(uuid, text, uuid, uuid) TO vigie_vault;
REVOKE SELECT ON vault.contact FROM vigie_vault;
REVOKE INSERT ON vault.access_event FROM vigie_vault;
