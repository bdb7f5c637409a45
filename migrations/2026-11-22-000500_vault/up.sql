-- The contact vault: personal data of reporters live here, encrypted, and nowhere else.

CREATE TABLE subject (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    PRIMARY KEY (jurisdiction_id, id)
);
COMMENT ON TABLE subject IS 'A person who reported, as a random reference; everything that could name them is in the vault.';
COMMENT ON COLUMN subject.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN subject.id IS 'Random (version 4: it says nothing, not even when).';

CREATE SCHEMA vault;
COMMENT ON SCHEMA vault IS 'Contact data, encrypted per person. The application may add through vault.put; only the role vigie_vault reads.';

CREATE TABLE vault.person_key (
    jurisdiction_id integer NOT NULL,
    subject_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    PRIMARY KEY (jurisdiction_id, subject_id),
    FOREIGN KEY (jurisdiction_id, subject_id) REFERENCES subject (jurisdiction_id, id)
);
COMMENT ON TABLE vault.person_key IS 'The key of one person, wrapped; destroying it makes the person''s contact data unreadable for ever.';
COMMENT ON COLUMN vault.person_key.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN vault.person_key.subject_id IS 'Person.';
COMMENT ON COLUMN vault.person_key.key_id IS 'Which key of the key file wraps it.';
COMMENT ON COLUMN vault.person_key.wrapped_key IS 'XChaCha20-Poly1305 of 32 random bytes: nonce, then ciphertext.';

CREATE TABLE vault.contact (
    jurisdiction_id integer NOT NULL,
    subject_id uuid NOT NULL,
    field text NOT NULL CHECK (field IN ('email', 'phone', 'name', 'postal_address')),
    ciphertext bytea NOT NULL,
    blind_index bytea,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (jurisdiction_id, subject_id, field),
    FOREIGN KEY (jurisdiction_id, subject_id) REFERENCES vault.person_key (jurisdiction_id, subject_id)
);
COMMENT ON TABLE vault.contact IS 'One contact datum of one person.';
COMMENT ON COLUMN vault.contact.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN vault.contact.subject_id IS 'Person.';
COMMENT ON COLUMN vault.contact.field IS 'What it is; name and address only for who chose call or letter.';
COMMENT ON COLUMN vault.contact.ciphertext IS 'XChaCha20-Poly1305 under the person''s key: nonce, then ciphertext; bound to town, person and field.';
COMMENT ON COLUMN vault.contact.blind_index IS 'HMAC-SHA-256 of the normalised value under the town''s index key; finds a person by address without reading anyone.';
COMMENT ON COLUMN vault.contact.stored_at IS 'Retention counts from here.';
CREATE INDEX contact_blind_index ON vault.contact (jurisdiction_id, blind_index) WHERE blind_index IS NOT NULL;

CREATE TABLE vault.access_event (
    jurisdiction_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    subject_id uuid NOT NULL,
    fields text[] NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('notify', 'call_back', 'letter', 'follow_up')),
    staff_user_id uuid,
    report_id uuid,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (jurisdiction_id, id)
);
COMMENT ON TABLE vault.access_event IS 'Who read which contact data, and what for; append-only.';
COMMENT ON COLUMN vault.access_event.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN vault.access_event.id IS 'Order.';
COMMENT ON COLUMN vault.access_event.subject_id IS 'Person whose data were read.';
COMMENT ON COLUMN vault.access_event.fields IS 'What was read.';
COMMENT ON COLUMN vault.access_event.purpose IS 'What for.';
COMMENT ON COLUMN vault.access_event.staff_user_id IS 'Who; null: the worker that sends messages.';
COMMENT ON COLUMN vault.access_event.report_id IS 'For which report.';
COMMENT ON COLUMN vault.access_event.at IS 'When.';
CREATE INDEX access_event_subject ON vault.access_event (jurisdiction_id, subject_id);
CREATE TRIGGER access_event_append_only BEFORE UPDATE OR DELETE ON vault.access_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION vault.put(p_subject uuid, p_key_id text, p_wrapped_key bytea, p_field text[], p_ciphertext bytea[], p_blind_index bytea[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO public.subject (jurisdiction_id, id) VALUES (public.current_jurisdiction(), p_subject);
    INSERT INTO vault.person_key (jurisdiction_id, subject_id, key_id, wrapped_key)
    VALUES (public.current_jurisdiction(), p_subject, p_key_id, p_wrapped_key);
    INSERT INTO vault.contact (jurisdiction_id, subject_id, field, ciphertext, blind_index)
    SELECT public.current_jurisdiction(), p_subject, f.field, f.ciphertext, f.blind_index
    FROM unnest(p_field, p_ciphertext, p_blind_index) AS f (field, ciphertext, blind_index);
$$;
COMMENT ON FUNCTION vault.put(uuid, text, bytea, text[], bytea[], bytea[]) IS 'Adds a person and their encrypted contact data in the caller''s transaction and town; the caller cannot read them back.';
REVOKE ALL ON FUNCTION vault.put(uuid, text, bytea, text[], bytea[], bytea[]) FROM PUBLIC;
