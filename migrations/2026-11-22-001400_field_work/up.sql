-- What crews do without network, and photos that arrive in pieces.

CREATE TABLE field_action (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    device_id uuid,
    seq bigint NOT NULL,
    agent_id uuid NOT NULL,
    sent_by uuid NOT NULL REFERENCES staff_user (id),
    kind text NOT NULL,
    task_id uuid,
    alert_id uuid,
    payload jsonb NOT NULL,
    request_hash bytea NOT NULL,
    client_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'superseded', 'waiting', 'refused', 'dismissed')),
    reason text,
    problem jsonb,
    review boolean NOT NULL DEFAULT false,
    decided_at timestamptz,
    decided_by uuid REFERENCES staff_user (id),
    decision_note text,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (outcome <> 'dismissed' OR decided_at IS NOT NULL)
);
COMMENT ON TABLE field_action IS 'Every action that a tablet sent, as it was frozen there, and what became of it: the receipt of a repetition for ever.';
COMMENT ON COLUMN field_action.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN field_action.id IS 'The tablet''s own id of it.';
COMMENT ON COLUMN field_action.device_id IS 'Tablet; none when sent from elsewhere.';
COMMENT ON COLUMN field_action.seq IS 'Order on that tablet; starts again when one is restored.';
COMMENT ON COLUMN field_action.agent_id IS 'Who did it, as the tablet says. No reference: an unknown name waits for a person and is not dropped.';
COMMENT ON COLUMN field_action.sent_by IS 'Whose session brought it.';
COMMENT ON COLUMN field_action.kind IS 'accept, start, done, note, requalify, hand_over, new_alert...';
COMMENT ON COLUMN field_action.task_id IS 'Task that it is about, as the tablet says.';
COMMENT ON COLUMN field_action.alert_id IS 'Alert that it came to: of the task, or the one that it was merged into.';
COMMENT ON COLUMN field_action.payload IS 'What was sent.';
COMMENT ON COLUMN field_action.request_hash IS 'SHA-256 of what was sent: the same id with other words is another action.';
COMMENT ON COLUMN field_action.client_at IS 'Clock of the tablet at the action.';
COMMENT ON COLUMN field_action.received_at IS 'When it arrived here first.';
COMMENT ON COLUMN field_action.outcome IS 'What became of it: took effect, kept as a further field report, waits for a person, is not possible as it is, or was laid aside by a person.';
COMMENT ON COLUMN field_action.reason IS 'Why it did not simply take effect, as a code.';
COMMENT ON COLUMN field_action.problem IS 'What lacked, as a problem without words.';
COMMENT ON COLUMN field_action.review IS 'It took effect, and somebody of the service should look at it.';
COMMENT ON COLUMN field_action.decided_at IS 'When a person decided on what waited.';
COMMENT ON COLUMN field_action.decided_by IS 'Who.';
COMMENT ON COLUMN field_action.decision_note IS 'Why.';
CREATE INDEX field_action_waiting ON field_action (jurisdiction_id, received_at) WHERE outcome = 'waiting' OR review;
CREATE INDEX field_action_decided ON field_action (jurisdiction_id, device_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX task_alert ON task (jurisdiction_id, alert_id);

CREATE TABLE upload (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    report_id uuid,
    alert_id uuid,
    crew_id uuid,
    promised_by uuid,
    length integer CHECK (length BETWEEN 0 AND 15728640),
    received integer NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND COALESCE(length, 0)),
    refusal text,
    created_by uuid REFERENCES staff_user (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, report_id) REFERENCES report (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id),
    CHECK ((report_id IS NULL) <> (alert_id IS NULL))
);
COMMENT ON TABLE upload IS 'A photo on its way: promised by a crew''s action, or arriving in pieces. Gone once the photo is there.';
COMMENT ON COLUMN upload.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN upload.id IS 'Id that the photo will have.';
COMMENT ON COLUMN upload.report_id IS 'Report that it shows.';
COMMENT ON COLUMN upload.alert_id IS 'Alert whose repair it proves.';
COMMENT ON COLUMN upload.crew_id IS 'Crew that sends it: its people may, also when the alert is somebody else''s by now.';
COMMENT ON COLUMN upload.promised_by IS 'Field action that names it and came before it.';
COMMENT ON COLUMN upload.length IS 'Bytes of the photo, at most 15 MiB; none while it is only promised.';
COMMENT ON COLUMN upload.received IS 'Bytes that are here, from the start.';
COMMENT ON COLUMN upload.refusal IS 'Why the photo cannot be used, once all of it was here.';
COMMENT ON COLUMN upload.created_by IS 'Who sends it; none: a resident.';
COMMENT ON COLUMN upload.created_at IS 'When it was announced.';
COMMENT ON COLUMN upload.expires_at IS 'When what is here is removed if nothing follows.';
CREATE INDEX upload_expires ON upload (jurisdiction_id, expires_at);
CREATE INDEX upload_alert ON upload (jurisdiction_id, alert_id) WHERE alert_id IS NOT NULL;

CREATE TABLE upload_piece (
    jurisdiction_id integer NOT NULL,
    upload_id uuid NOT NULL,
    starts_at integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (jurisdiction_id, upload_id, starts_at),
    FOREIGN KEY (jurisdiction_id, upload_id) REFERENCES upload (jurisdiction_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE upload_piece IS 'Bytes of a photo that is not whole yet: in the database, so that any server can go on with it and an offset never lies.';
COMMENT ON COLUMN upload_piece.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN upload_piece.upload_id IS 'Upload.';
COMMENT ON COLUMN upload_piece.starts_at IS 'Offset of the first byte.';
COMMENT ON COLUMN upload_piece.bytes IS 'The bytes.';
ALTER TABLE upload_piece ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE change DROP CONSTRAINT change_entity_check;
ALTER TABLE change ADD CONSTRAINT change_entity_check
    CHECK (entity IN ('report', 'alert', 'photo', 'task', 'status_event', 'catalogue', 'field_action'));

ALTER TABLE field_action ENABLE ROW LEVEL SECURITY;
ALTER TABLE field_action FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON field_action USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
ALTER TABLE upload ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON upload USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
ALTER TABLE upload_piece ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_piece FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON upload_piece USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT, INSERT, UPDATE ON field_action TO vigie_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON upload, upload_piece TO vigie_app;
