-- Who goes, and what happened.

CREATE TABLE task (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    crew_id uuid NOT NULL,
    planned_on date,
    shift text CHECK (shift IN ('morning', 'afternoon', 'night')),
    rank integer NOT NULL DEFAULT 0,
    locked boolean NOT NULL DEFAULT false,
    instructions text,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'ended', 'withdrawn')),
    created_at timestamptz NOT NULL,
    created_by uuid REFERENCES staff_user (id),
    ended_at timestamptz,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('ended', 'withdrawn')))
);
COMMENT ON TABLE task IS 'An alert given to a crew.';
COMMENT ON COLUMN task.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN task.id IS 'Identity (UUIDv7).';
COMMENT ON COLUMN task.alert_id IS 'Alert.';
COMMENT ON COLUMN task.crew_id IS 'Crew.';
COMMENT ON COLUMN task.planned_on IS 'Day, if planned.';
COMMENT ON COLUMN task.shift IS 'Part of the day, if planned.';
COMMENT ON COLUMN task.rank IS 'Order in the crew''s day; lower first.';
COMMENT ON COLUMN task.locked IS 'A re-planned round leaves it in its place.';
COMMENT ON COLUMN task.instructions IS 'From whoever dispatched it.';
COMMENT ON COLUMN task.state IS 'withdrawn: given to somebody else, or its alert was merged into another.';
COMMENT ON COLUMN task.created_at IS 'When dispatched.';
COMMENT ON COLUMN task.created_by IS 'By whom; null: a routing rule.';
COMMENT ON COLUMN task.ended_at IS 'When ended or withdrawn.';
CREATE UNIQUE INDEX task_one_open ON task (jurisdiction_id, alert_id) WHERE state IN ('open', 'accepted');
CREATE INDEX task_crew ON task (jurisdiction_id, crew_id, planned_on, rank) WHERE state IN ('open', 'accepted');

CREATE TABLE hand_over (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    body_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'accepted', 'refused', 'taken_back')),
    reference text,
    note text,
    sent_at timestamptz NOT NULL,
    sent_by uuid REFERENCES staff_user (id),
    answered_at timestamptz,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, body_id) REFERENCES body (jurisdiction_id, id)
);
COMMENT ON TABLE hand_over IS 'An alert given to an outside body.';
COMMENT ON COLUMN hand_over.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN hand_over.id IS 'Identity.';
COMMENT ON COLUMN hand_over.alert_id IS 'Alert.';
COMMENT ON COLUMN hand_over.body_id IS 'Body.';
COMMENT ON COLUMN hand_over.state IS 'Where it stands.';
COMMENT ON COLUMN hand_over.reference IS 'The body''s own reference.';
COMMENT ON COLUMN hand_over.note IS 'What the body answered.';
COMMENT ON COLUMN hand_over.sent_at IS 'When the sheet was sent.';
COMMENT ON COLUMN hand_over.sent_by IS 'By whom; null: a routing rule.';
COMMENT ON COLUMN hand_over.answered_at IS 'When it answered.';
CREATE INDEX hand_over_alert ON hand_over (jurisdiction_id, alert_id);

CREATE TABLE status_event (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    step text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    reason text,
    review_on date,
    note text,
    public_note text,
    minutes integer CHECK (minutes >= 0),
    material jsonb NOT NULL DEFAULT '[]',
    task_id uuid,
    service_id uuid,
    by_user uuid REFERENCES staff_user (id),
    by_role text NOT NULL,
    device_id uuid,
    place geography(Point, 4326),
    client_at timestamptz,
    at timestamptz NOT NULL,
    request_hash bytea,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, task_id) REFERENCES task (jurisdiction_id, id)
);
COMMENT ON TABLE status_event IS 'What happened to an alert; append-only.';
COMMENT ON COLUMN status_event.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN status_event.id IS 'Identity: the client''s own for crew actions, so that a replay is recognised.';
COMMENT ON COLUMN status_event.alert_id IS 'Alert.';
COMMENT ON COLUMN status_event.step IS 'Operation of flow::status::machine, or opened, note, assign, take_back, remind, merge, split, move, not_same, undo.';
COMMENT ON COLUMN status_event.from_status IS 'Before; null at opening.';
COMMENT ON COLUMN status_event.to_status IS 'After.';
COMMENT ON COLUMN status_event.reason IS 'Code: of a rejection, a hold, a re-assignment.';
COMMENT ON COLUMN status_event.review_on IS 'Of a hold.';
COMMENT ON COLUMN status_event.note IS 'For colleagues.';
COMMENT ON COLUMN status_event.public_note IS 'For residents.';
COMMENT ON COLUMN status_event.minutes IS 'Time worked.';
COMMENT ON COLUMN status_event.material IS '[{name, quantity, unit}].';
COMMENT ON COLUMN status_event.task_id IS 'Task it was done for.';
COMMENT ON COLUMN status_event.service_id IS 'Service in charge after it.';
COMMENT ON COLUMN status_event.by_user IS 'Who; null: the machine or a resident.';
COMMENT ON COLUMN status_event.by_role IS 'In which role.';
COMMENT ON COLUMN status_event.device_id IS 'Tablet.';
COMMENT ON COLUMN status_event.place IS 'Where the crew stood, only at the moment of an action.';
COMMENT ON COLUMN status_event.client_at IS 'Clock of the device.';
COMMENT ON COLUMN status_event.at IS 'Clock of the server.';
COMMENT ON COLUMN status_event.request_hash IS 'SHA-256 of a client''s action: the same id with another body is a conflict.';
CREATE INDEX status_event_alert ON status_event (jurisdiction_id, alert_id, at);
CREATE TRIGGER status_event_append_only BEFORE UPDATE OR DELETE ON status_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE measured_delay (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    category_id uuid NOT NULL,
    sector_id uuid NOT NULL,
    minutes integer[] NOT NULL,
    PRIMARY KEY (jurisdiction_id, category_id, sector_id),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id)
);
COMMENT ON TABLE measured_delay IS 'What closing really took, by category and sector: the source of expected dates.';
COMMENT ON COLUMN measured_delay.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN measured_delay.category_id IS 'Category.';
COMMENT ON COLUMN measured_delay.sector_id IS 'Sector; the nil UUID: outside every sector.';
COMMENT ON COLUMN measured_delay.minutes IS 'Opening to end of treatment, hold time left out; the latest 200, oldest first.';
