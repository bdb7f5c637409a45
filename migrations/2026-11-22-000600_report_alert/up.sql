-- Reports, the alerts they belong to, and every decision that put them there.
--
-- A table whose key refers to another row of the same town needs no reference to the town besides: each check costs a
-- look-up and a shared lock on the town's row, in every report.

CREATE TABLE public_id (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('report', 'photo', 'alert', 'task', 'action', 'operation')),
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id)
);
COMMENT ON TABLE public_id IS 'Directory of ids that a client may choose or hold: unique for ever, and leads from an id to its town. Outside row level security.';
COMMENT ON COLUMN public_id.id IS 'UUIDv7 of a report, photo, alert, task, crew action or operation on the grouping.';
COMMENT ON COLUMN public_id.kind IS 'What it names.';
COMMENT ON COLUMN public_id.jurisdiction_id IS 'Whose it is.';

CREATE FUNCTION lock_cells(town integer, cells bigint[]) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE cell bigint;
BEGIN
    FOREACH cell IN ARRAY cells LOOP
        PERFORM pg_advisory_xact_lock(hashint8extended(cell, town));
    END LOOP;
END $$;
COMMENT ON FUNCTION lock_cells(integer, bigint[]) IS 'Takes the locks of these H3 cells, in the order given (sorted by the caller, so that no two transactions wait in a ring), until the transaction ends.';

CREATE TABLE alert (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    category_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('new', 'qualified', 'dispatched', 'planned', 'in_progress', 'on_hold', 'made_safe', 'done', 'resolved', 'rejected', 'transferred', 'reopened')),
    open boolean NOT NULL,
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 4),
    severity smallint NOT NULL DEFAULT 0 CHECK (severity BETWEEN 0 AND 2),
    service_id uuid NOT NULL,
    crew_id uuid,
    body_id uuid,
    sector_id uuid,
    anchor geography(Point, 4326) NOT NULL,
    h3_15 bigint NOT NULL,
    extent_m real NOT NULL DEFAULT 0,
    address text,
    report_count integer NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL,
    last_report_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    expected_from date,
    expected_to date,
    status_at timestamptz NOT NULL,
    closed_at timestamptz,
    reason text,
    review_on date,
    merged_into uuid,
    flags text[] NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, service_id) REFERENCES service (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, body_id) REFERENCES body (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, sector_id) REFERENCES sector (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, merged_into) REFERENCES alert (jurisdiction_id, id),
    CHECK (open = (closed_at IS NULL)),
    CHECK (merged_into IS NULL OR NOT open),
    CHECK (status <> 'on_hold' OR (reason IS NOT NULL AND review_on IS NOT NULL)),
    CHECK (status <> 'rejected' OR reason IS NOT NULL)
) WITH (fillfactor = 85);
COMMENT ON TABLE alert IS 'One problem in the street, however many people reported it.';
COMMENT ON COLUMN alert.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN alert.id IS 'Identity (UUIDv7).';
COMMENT ON COLUMN alert.reference IS 'What people say on the telephone, with its check character.';
COMMENT ON COLUMN alert.category_id IS 'Category after qualification.';
COMMENT ON COLUMN alert.status IS 'See flow::status::machine; a merged-away alert keeps the one it had.';
COMMENT ON COLUMN alert.open IS 'Whether a new report may join it; false for resolved, rejected and merged-away alerts.';
COMMENT ON COLUMN alert.priority IS '1 low, 2 normal, 3 high, 4 urgent.';
COMMENT ON COLUMN alert.severity IS 'Highest that a report stated: 0 normal, 1 high, 2 danger.';
COMMENT ON COLUMN alert.service_id IS 'Service in charge: never none.';
COMMENT ON COLUMN alert.crew_id IS 'Crew it was dispatched to.';
COMMENT ON COLUMN alert.body_id IS 'Outside body that has it (transferred).';
COMMENT ON COLUMN alert.sector_id IS 'Where it lies.';
COMMENT ON COLUMN alert.anchor IS 'Its place: the opening report''s, or a corrected one.';
COMMENT ON COLUMN alert.h3_15 IS 'H3 cell (resolution 15) of the anchor; coarser cells are ranges of it.';
COMMENT ON COLUMN alert.extent_m IS 'Largest distance of a report from the anchor, metres.';
COMMENT ON COLUMN alert.address IS 'As first given.';
COMMENT ON COLUMN alert.report_count IS 'Reports that belong to it now.';
COMMENT ON COLUMN alert.opened_at IS 'Received time of the opening report.';
COMMENT ON COLUMN alert.last_report_at IS 'Received time of the latest.';
COMMENT ON COLUMN alert.due_at IS 'Promise of the service, from its calendar; moved by hold time.';
COMMENT ON COLUMN alert.expected_from IS 'First day of the range told to reporters; null: no estimate.';
COMMENT ON COLUMN alert.expected_to IS 'Last day of that range.';
COMMENT ON COLUMN alert.status_at IS 'Since when in this status.';
COMMENT ON COLUMN alert.closed_at IS 'When it stopped being open.';
COMMENT ON COLUMN alert.reason IS 'Why rejected or on hold (code).';
COMMENT ON COLUMN alert.review_on IS 'On hold: when someone looks again.';
COMMENT ON COLUMN alert.merged_into IS 'Survivor, when merged away.';
COMMENT ON COLUMN alert.flags IS 'outside_territory, ping_pong, dangerous...';
COMMENT ON COLUMN alert.version IS 'Compare-and-set; the ETag.';
CREATE UNIQUE INDEX alert_reference ON alert (jurisdiction_id, reference);
-- Every search by place narrows by ranges of h3_15 first: under row level security the PostGIS operators lose their index.
CREATE INDEX alert_open_place ON alert (jurisdiction_id, h3_15) WHERE open;
CREATE INDEX alert_closed_place ON alert (jurisdiction_id, h3_15, closed_at) WHERE NOT open;
CREATE INDEX alert_open_queue ON alert (jurisdiction_id, opened_at, id) WHERE open;
CREATE INDEX alert_open_due ON alert (jurisdiction_id, due_at, id) WHERE open;
CREATE INDEX alert_closed_queue ON alert (jurisdiction_id, opened_at, id) WHERE NOT open;

CREATE TABLE alert_word (
    jurisdiction_id integer NOT NULL,
    alert_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL,
    PRIMARY KEY (jurisdiction_id, alert_id, word),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id)
);
COMMENT ON TABLE alert_word IS 'Words by which staff find an alert. A table and not a text index: under row level security only leakproof operators use an index, and comparing texts is one, while @@ and ILIKE are not.';
COMMENT ON COLUMN alert_word.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN alert_word.word IS 'Word of the address or of what a report says, in lower case without accents; byte order, so that a beginning is a range. What removes a text removes its words.';
COMMENT ON COLUMN alert_word.alert_id IS 'Alert that it leads to.';
-- The key answers "has this alert that word", for words that many share; this one "which alerts have it", for rare ones.
CREATE INDEX alert_word_search ON alert_word (jurisdiction_id, word, alert_id);

CREATE TABLE alert_phase (
    jurisdiction_id integer NOT NULL,
    alert_id uuid NOT NULL,
    phase text NOT NULL CHECK (phase IN ('qualification', 'treatment', 'delivery')),
    owner_id uuid REFERENCES staff_user (id),
    started_at timestamptz NOT NULL,
    seen_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (jurisdiction_id, alert_id, phase),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id)
);
COMMENT ON TABLE alert_phase IS 'Qualification, treatment, delivery: who has it, and when.';
COMMENT ON COLUMN alert_phase.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN alert_phase.alert_id IS 'Alert.';
COMMENT ON COLUMN alert_phase.phase IS 'Which.';
COMMENT ON COLUMN alert_phase.owner_id IS 'Person who took it; null: the service as a whole.';
COMMENT ON COLUMN alert_phase.started_at IS 'When the alert came into this phase (again, after reopening).';
COMMENT ON COLUMN alert_phase.seen_at IS 'First time someone of the service opened the alert in this phase.';
COMMENT ON COLUMN alert_phase.ended_at IS 'When it left the phase; null: it is in it.';

CREATE TABLE report (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    alert_id uuid NOT NULL,
    category_id uuid NOT NULL,
    place geography(Point, 4326) NOT NULL,
    h3_15 bigint NOT NULL,
    accuracy_m real CHECK (accuracy_m >= 0),
    position_source text NOT NULL CHECK (position_source IN ('gps', 'map', 'address', 'exif', 'unknown')),
    address text,
    description text,
    answers jsonb NOT NULL DEFAULT '{}',
    severity smallint NOT NULL DEFAULT 0 CHECK (severity BETWEEN 0 AND 2),
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    channel text NOT NULL CHECK (channel IN ('app', 'web', 'phone', 'desk', 'mail', 'email', 'sms', 'partner', 'field', 'import')),
    locale text NOT NULL,
    subject_id uuid,
    sender_tag bigint,
    follow_hash bytea NOT NULL,
    code_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    notice_version integer NOT NULL,
    entered_by uuid REFERENCES staff_user (id),
    source_ref text,
    flags text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, subject_id) REFERENCES subject (jurisdiction_id, id)
);
COMMENT ON TABLE report IS 'What one person said, once; never changed by what becomes of it.';
COMMENT ON COLUMN report.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN report.id IS 'Identity: the client''s own UUIDv7, or ours.';
COMMENT ON COLUMN report.reference IS 'What people say on the telephone, with its check character.';
COMMENT ON COLUMN report.alert_id IS 'Alert it belongs to now; history is in membership.';
COMMENT ON COLUMN report.category_id IS 'As the person said.';
COMMENT ON COLUMN report.place IS 'As the person said; longitude, latitude.';
COMMENT ON COLUMN report.h3_15 IS 'H3 cell (resolution 15) of the place.';
COMMENT ON COLUMN report.accuracy_m IS 'Stated accuracy, metres (68 %); null: unknown.';
COMMENT ON COLUMN report.position_source IS 'Where the position came from.';
COMMENT ON COLUMN report.address IS 'As given.';
COMMENT ON COLUMN report.description IS 'As given.';
COMMENT ON COLUMN report.answers IS 'To the category''s questions; personal ones are in the vault.';
COMMENT ON COLUMN report.severity IS 'From the answers: 0 normal, 1 high, 2 danger.';
COMMENT ON COLUMN report.observed_at IS 'When the person saw it (their clock, clamped).';
COMMENT ON COLUMN report.received_at IS 'When the server had it: the legal date.';
COMMENT ON COLUMN report.channel IS 'How it came.';
COMMENT ON COLUMN report.locale IS 'Language of the person.';
COMMENT ON COLUMN report.subject_id IS 'Person in the vault; null: nobody asked to be told.';
COMMENT ON COLUMN report.sender_tag IS 'Keyed hash of device or account, only to recognise a resubmission; null after a day.';
COMMENT ON COLUMN report.follow_hash IS 'SHA-256 of the follow secret.';
COMMENT ON COLUMN report.code_hash IS 'SHA-256 of town, reference and the 8-character telephone code.';
COMMENT ON COLUMN report.request_hash IS 'SHA-256 of the request as understood: the same id with another body is a conflict.';
COMMENT ON COLUMN report.answer IS 'What the 201 said of counts and dates: a retry says the same.';
COMMENT ON COLUMN report.notice_version IS 'Data-protection notice shown.';
COMMENT ON COLUMN report.entered_by IS 'Front desk agent, for callers and visitors.';
COMMENT ON COLUMN report.source_ref IS 'Id in the system it was imported from.';
COMMENT ON COLUMN report.flags IS 'near_boundary, observed_clamped, late_evidence...';
CREATE UNIQUE INDEX report_reference ON report (jurisdiction_id, reference);
CREATE INDEX report_alert ON report (jurisdiction_id, alert_id);
CREATE INDEX report_place ON report (jurisdiction_id, h3_15);
CREATE UNIQUE INDEX report_source_ref ON report (jurisdiction_id, source_ref) WHERE source_ref IS NOT NULL;
CREATE INDEX report_entered_by ON report (jurisdiction_id, entered_by, received_at) WHERE entered_by IS NOT NULL;

CREATE TABLE alert_operation (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('merge', 'split', 'move', 'not_same', 'undo')),
    alert_id uuid NOT NULL,
    other_id uuid NOT NULL,
    undoes uuid,
    detail jsonb NOT NULL,
    reason text,
    by_user uuid NOT NULL REFERENCES staff_user (id),
    at timestamptz NOT NULL,
    request_hash bytea NOT NULL,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, other_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, undoes) REFERENCES alert_operation (jurisdiction_id, id),
    CHECK ((kind = 'undo') = (undoes IS NOT NULL))
);
COMMENT ON TABLE alert_operation IS 'A person''s correction of the grouping.';
COMMENT ON COLUMN alert_operation.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN alert_operation.id IS 'Identity.';
COMMENT ON COLUMN alert_operation.kind IS 'What was done.';
COMMENT ON COLUMN alert_operation.alert_id IS 'Alert that reports left, or the first of two that are not the same; of an undo: as in what it undoes.';
COMMENT ON COLUMN alert_operation.other_id IS 'Alert that they went to, or the second of the two.';
COMMENT ON COLUMN alert_operation.undoes IS 'Operation that this one takes back.';
COMMENT ON COLUMN alert_operation.detail IS 'Reports that went, and what the alerts were before and after: enough to take it back. Ids, numbers and codes only.';
COMMENT ON COLUMN alert_operation.reason IS 'In the person''s words.';
COMMENT ON COLUMN alert_operation.by_user IS 'Who.';
COMMENT ON COLUMN alert_operation.at IS 'When.';
COMMENT ON COLUMN alert_operation.request_hash IS 'SHA-256 of the request: the same id with another body is a conflict.';
CREATE INDEX alert_operation_alert ON alert_operation (jurisdiction_id, alert_id, at);
CREATE INDEX alert_operation_other ON alert_operation (jurisdiction_id, other_id, at);
-- Taken back once.
CREATE UNIQUE INDEX alert_operation_undoes ON alert_operation (jurisdiction_id, undoes) WHERE undoes IS NOT NULL;

CREATE TABLE membership (
    jurisdiction_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    report_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    from_alert_id uuid,
    decision text NOT NULL CHECK (decision IN ('open', 'join', 'suggest', 'late_evidence', 'person', 'merge', 'split', 'move', 'undo')),
    posterior real,
    reasons jsonb NOT NULL DEFAULT '[]',
    policy_version integer,
    weights_version integer,
    operation_id uuid,
    by_user uuid REFERENCES staff_user (id),
    at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, report_id, id),
    FOREIGN KEY (jurisdiction_id, report_id) REFERENCES report (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, operation_id) REFERENCES alert_operation (jurisdiction_id, id)
);
COMMENT ON TABLE membership IS 'Each decision that put a report into an alert; append-only.';
COMMENT ON COLUMN membership.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN membership.id IS 'Order.';
COMMENT ON COLUMN membership.report_id IS 'Report.';
COMMENT ON COLUMN membership.alert_id IS 'Alert it went to.';
COMMENT ON COLUMN membership.from_alert_id IS 'Alert it left, if any.';
COMMENT ON COLUMN membership.decision IS 'open, join, suggest and late_evidence by geo-dedup; person = the reporter''s own word.';
COMMENT ON COLUMN membership.posterior IS 'Probability of the best candidate; null without one.';
COMMENT ON COLUMN membership.reasons IS 'Candidates with features and contributions (log-odds).';
COMMENT ON COLUMN membership.policy_version IS 'Of the category''s policy.';
COMMENT ON COLUMN membership.weights_version IS 'Of geo-dedup''s weights.';
COMMENT ON COLUMN membership.operation_id IS 'The person''s operation, for merge, split, move, undo.';
COMMENT ON COLUMN membership.by_user IS 'Who; null: the machine or the reporter.';
COMMENT ON COLUMN membership.at IS 'When.';
CREATE TRIGGER membership_append_only BEFORE UPDATE OR DELETE ON membership FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alert_operation_append_only BEFORE UPDATE OR DELETE ON alert_operation FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE alert_link (
    jurisdiction_id integer NOT NULL,
    from_alert uuid NOT NULL,
    to_alert uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('recurrence', 'merged_into', 'suggested', 'split_from')),
    state text NOT NULL DEFAULT 'standing' CHECK (state IN ('standing', 'confirmed', 'dismissed')),
    posterior real,
    reasons jsonb NOT NULL DEFAULT '[]',
    at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, from_alert, to_alert, kind),
    FOREIGN KEY (jurisdiction_id, from_alert) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, to_alert) REFERENCES alert (jurisdiction_id, id)
);
COMMENT ON TABLE alert_link IS 'Two alerts that have to do with each other.';
COMMENT ON COLUMN alert_link.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN alert_link.from_alert IS 'The later one.';
COMMENT ON COLUMN alert_link.to_alert IS 'The earlier one.';
COMMENT ON COLUMN alert_link.kind IS 'What ties them.';
COMMENT ON COLUMN alert_link.state IS 'suggested: standing until a person says.';
COMMENT ON COLUMN alert_link.posterior IS 'suggested: probability that they are the same.';
COMMENT ON COLUMN alert_link.reasons IS 'suggested: features and contributions.';
COMMENT ON COLUMN alert_link.at IS 'When.';
CREATE INDEX alert_link_to ON alert_link (jurisdiction_id, to_alert);
CREATE INDEX alert_link_suggested ON alert_link (jurisdiction_id, at) WHERE kind = 'suggested' AND state = 'standing';

CREATE TABLE verdict (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    report_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    same boolean NOT NULL,
    by_user uuid REFERENCES staff_user (id),
    operation_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, report_id) REFERENCES report (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, operation_id) REFERENCES alert_operation (jurisdiction_id, id)
);
COMMENT ON TABLE verdict IS 'A human word on whether a report belongs to an alert; the machine never overrides it. The latest counts; one whose operation was undone does not.';
COMMENT ON COLUMN verdict.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN verdict.id IS 'Identity.';
COMMENT ON COLUMN verdict.report_id IS 'Report.';
COMMENT ON COLUMN verdict.alert_id IS 'Alert.';
COMMENT ON COLUMN verdict.same IS 'Whether it is the same thing.';
COMMENT ON COLUMN verdict.by_user IS 'Who; null: the reporter.';
COMMENT ON COLUMN verdict.operation_id IS 'Operation that it came with; null: the reporter''s own word.';
COMMENT ON COLUMN verdict.at IS 'When.';
CREATE INDEX verdict_report ON verdict (jurisdiction_id, report_id);
CREATE INDEX verdict_alert ON verdict (jurisdiction_id, alert_id);
CREATE TRIGGER verdict_append_only BEFORE UPDATE OR DELETE ON verdict FOR EACH ROW EXECUTE FUNCTION refuse_change();
