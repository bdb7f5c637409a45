-- Work to do later, retries recognised, everything that changed, and who did what. The two logs have no reference to the
-- town: the row policy holds them to it, and a check in every report would only confirm that.

CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'dead')),
    run_at timestamptz NOT NULL,
    leased_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
COMMENT ON TABLE job IS 'Work that a command left for later, written in its transaction. Outside row level security: a worker sets the job''s town first.';
COMMENT ON COLUMN job.id IS 'Order.';
COMMENT ON COLUMN job.jurisdiction_id IS 'Town to set before anything else.';
COMMENT ON COLUMN job.kind IS 'Which job, see jobs.';
COMMENT ON COLUMN job.payload IS 'Ids only, never personal data.';
COMMENT ON COLUMN job.state IS 'A done job is removed, a failed one stays: dead after the last try.';
COMMENT ON COLUMN job.run_at IS 'Not before.';
COMMENT ON COLUMN job.leased_until IS 'A worker is on it.';
COMMENT ON COLUMN job.attempts IS 'Failures so far.';
COMMENT ON COLUMN job.last_error IS 'Of the last failure, without personal data.';
COMMENT ON COLUMN job.created_at IS 'When written.';
CREATE INDEX job_due ON job (run_at) WHERE state = 'due';

CREATE TABLE idempotency (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    entity_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, key_hash)
);
COMMENT ON TABLE idempotency IS 'Answers already given, so that a retry gets the same one.';
COMMENT ON COLUMN idempotency.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN idempotency.key_hash IS 'SHA-256 of operation, client and Idempotency-Key.';
COMMENT ON COLUMN idempotency.request_hash IS 'SHA-256 of the request: another body under the same key is refused.';
COMMENT ON COLUMN idempotency.entity_id IS 'What the first request made: the report, from which the answer is made again.';
COMMENT ON COLUMN idempotency.at IS 'Pruned after 30 days; ids stay unique for ever through public_id.';
CREATE INDEX idempotency_at ON idempotency (jurisdiction_id, at);

CREATE TABLE change (
    jurisdiction_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    entity text NOT NULL CHECK (entity IN ('report', 'alert', 'photo', 'task', 'status_event', 'catalogue')),
    entity_id uuid NOT NULL,
    tombstone boolean NOT NULL DEFAULT false,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (jurisdiction_id, id)
);
COMMENT ON TABLE change IS 'Everything that changed, in commit order: the one source of sync, live stream and projections; append-only.';
COMMENT ON COLUMN change.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN change.id IS 'Order within a transaction.';
COMMENT ON COLUMN change.txid IS 'Transaction: a reader stops below pg_snapshot_xmin and so never skips a late commit.';
COMMENT ON COLUMN change.entity IS 'What kind.';
COMMENT ON COLUMN change.entity_id IS 'Which.';
COMMENT ON COLUMN change.tombstone IS 'It is gone from the reader''s view.';
COMMENT ON COLUMN change.at IS 'When.';
CREATE TRIGGER change_append_only BEFORE UPDATE OR DELETE ON change FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_event (
    jurisdiction_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    staff_user_id uuid,
    session_id uuid,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id uuid,
    detail jsonb NOT NULL DEFAULT '{}',
    request_id text,
    PRIMARY KEY (jurisdiction_id, id)
);
COMMENT ON TABLE audit_event IS 'Who did what, written in the same transaction as what it records; append-only, without personal data of reporters.';
COMMENT ON COLUMN audit_event.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN audit_event.id IS 'Order.';
COMMENT ON COLUMN audit_event.at IS 'When.';
COMMENT ON COLUMN audit_event.actor IS 'anonymous, reporter, staff, system.';
COMMENT ON COLUMN audit_event.staff_user_id IS 'For actor staff.';
COMMENT ON COLUMN audit_event.session_id IS 'For actor staff.';
COMMENT ON COLUMN audit_event.action IS 'Operation id of the API, or the job''s kind.';
COMMENT ON COLUMN audit_event.entity IS 'Kind of the object.';
COMMENT ON COLUMN audit_event.entity_id IS 'Object.';
COMMENT ON COLUMN audit_event.detail IS 'What changed, by name.';
COMMENT ON COLUMN audit_event.request_id IS 'Of the request, as in the logs.';
CREATE INDEX audit_event_entity ON audit_event (jurisdiction_id, entity_id);
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
