-- Evidence. The bytes are in the photo store; this says what they are and who may see them.

CREATE TABLE photo (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    report_id uuid,
    alert_id uuid,
    kind text NOT NULL CHECK (kind IN ('report', 'proof')),
    state text NOT NULL CHECK (state IN ('received', 'ready', 'refused')),
    refusal text,
    sha256 bytea NOT NULL,
    media_type text NOT NULL,
    original_bytes integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    original_removed_at timestamptz,
    derived_sha256 bytea,
    placeholder bytea,
    perceptual_hash bigint,
    uploaded_at timestamptz NOT NULL,
    uploaded_by uuid REFERENCES staff_user (id),
    released_at timestamptz,
    released_by uuid REFERENCES staff_user (id),
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, report_id) REFERENCES report (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    CHECK ((state = 'refused') = (refusal IS NOT NULL)),
    CHECK (state <> 'ready' OR derived_sha256 IS NOT NULL),
    CHECK ((kind = 'report') = (report_id IS NOT NULL)),
    CHECK ((kind = 'proof') = (alert_id IS NOT NULL))
);
COMMENT ON TABLE photo IS 'One photo of a report, or a crew''s proof.';
COMMENT ON COLUMN photo.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN photo.id IS 'Identity: the client''s own UUIDv7, or ours.';
COMMENT ON COLUMN photo.report_id IS 'Report it came with.';
COMMENT ON COLUMN photo.alert_id IS 'Alert that it proves done, for a crew''s photo.';
COMMENT ON COLUMN photo.kind IS 'Evidence of a problem, or of its repair.';
COMMENT ON COLUMN photo.state IS 'received: the worker has yet to decode it.';
COMMENT ON COLUMN photo.refusal IS 'Why refused (code).';
COMMENT ON COLUMN photo.sha256 IS 'Of the original bytes; names them in the store.';
COMMENT ON COLUMN photo.media_type IS 'Of the original, as sniffed.';
COMMENT ON COLUMN photo.original_bytes IS 'Size of the original.';
COMMENT ON COLUMN photo.width IS 'Upright, pixels.';
COMMENT ON COLUMN photo.height IS 'Upright, pixels.';
COMMENT ON COLUMN photo.original_removed_at IS 'The original is private and short-lived.';
COMMENT ON COLUMN photo.derived_sha256 IS 'Of the 1600 px JPEG; names both derivatives in the store.';
COMMENT ON COLUMN photo.placeholder IS 'ThumbHash, shown while the photo loads.';
COMMENT ON COLUMN photo.perceptual_hash IS '64 bits; similar pictures differ in few.';
COMMENT ON COLUMN photo.uploaded_at IS 'When it was received.';
COMMENT ON COLUMN photo.uploaded_by IS 'Staff, for proofs and for the desk.';
COMMENT ON COLUMN photo.released_at IS 'Since when it is public; null: it is not.';
COMMENT ON COLUMN photo.released_by IS 'Who looked at it and released it.';
CREATE INDEX photo_report ON photo (jurisdiction_id, report_id) WHERE report_id IS NOT NULL;
CREATE INDEX photo_alert ON photo (jurisdiction_id, alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX photo_original ON photo (jurisdiction_id, uploaded_at) WHERE original_removed_at IS NULL;
CREATE INDEX photo_bytes ON photo (jurisdiction_id, sha256);
CREATE INDEX photo_derived ON photo (jurisdiction_id, derived_sha256) WHERE derived_sha256 IS NOT NULL;
