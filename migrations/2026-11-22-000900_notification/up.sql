-- Everyone who cares hears, once.

CREATE TABLE follower (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    report_id uuid NOT NULL,
    subject_id uuid,
    channel text NOT NULL CHECK (channel IN ('app', 'email', 'sms', 'call', 'letter')),
    locale text NOT NULL,
    unsubscribe_hash bytea NOT NULL,
    since timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, report_id) REFERENCES report (jurisdiction_id, id)
);
COMMENT ON TABLE follower IS 'Somebody who hears of an alert, by one channel.';
COMMENT ON COLUMN follower.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN follower.id IS 'Identity.';
COMMENT ON COLUMN follower.alert_id IS 'Alert followed now; moves with the report on merge, split and move.';
COMMENT ON COLUMN follower.report_id IS 'Report that made them a follower.';
COMMENT ON COLUMN follower.subject_id IS 'Person in the vault; null: reads by the follow link only.';
COMMENT ON COLUMN follower.channel IS 'How.';
COMMENT ON COLUMN follower.locale IS 'In which language.';
COMMENT ON COLUMN follower.unsubscribe_hash IS 'SHA-256 of the token in the unsubscribe link.';
COMMENT ON COLUMN follower.since IS 'From when on.';
COMMENT ON COLUMN follower.ended_at IS 'Unsubscribed.';
CREATE INDEX follower_alert ON follower (jurisdiction_id, alert_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX follower_report ON follower (jurisdiction_id, report_id, channel);

CREATE TABLE notification (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    recipient text NOT NULL CHECK (recipient IN ('follower', 'service', 'body', 'on_call', 'supervisor')),
    follower_id uuid,
    service_id uuid,
    body_id uuid,
    chain_index integer,
    alert_id uuid NOT NULL,
    event_id uuid NOT NULL,
    template text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('app', 'email', 'sms', 'call', 'letter')),
    locale text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent', 'dead', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    leased_until timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    done_by uuid REFERENCES staff_user (id),
    outcome text,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, alert_id) REFERENCES alert (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, follower_id) REFERENCES follower (jurisdiction_id, id),
    CHECK ((recipient = 'follower') = (follower_id IS NOT NULL))
);
COMMENT ON TABLE notification IS 'One thing to tell one recipient by one channel: the record of what was promised and sent.';
COMMENT ON COLUMN notification.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN notification.id IS 'Identity; makes the Message-ID.';
COMMENT ON COLUMN notification.recipient IS 'Kind of recipient.';
COMMENT ON COLUMN notification.follower_id IS 'For recipient follower.';
COMMENT ON COLUMN notification.service_id IS 'For recipient service, on_call, supervisor.';
COMMENT ON COLUMN notification.body_id IS 'For recipient body.';
COMMENT ON COLUMN notification.chain_index IS 'For recipient on_call: whose turn.';
COMMENT ON COLUMN notification.alert_id IS 'About which alert.';
COMMENT ON COLUMN notification.event_id IS 'What happened: a status event, an operation on the grouping, or a report for acknowledgements.';
COMMENT ON COLUMN notification.template IS 'Which message, see flow::notification::template.';
COMMENT ON COLUMN notification.channel IS 'How.';
COMMENT ON COLUMN notification.locale IS 'In which language.';
COMMENT ON COLUMN notification.detail IS 'What the message says that may have changed later; no contact data.';
COMMENT ON COLUMN notification.state IS 'dead: given up after the last retry, visible to the desk.';
COMMENT ON COLUMN notification.attempts IS 'Tries so far.';
COMMENT ON COLUMN notification.next_at IS 'Not before.';
COMMENT ON COLUMN notification.leased_until IS 'A worker is sending it.';
COMMENT ON COLUMN notification.created_at IS 'When promised.';
COMMENT ON COLUMN notification.sent_at IS 'When the channel took it, or a person did it.';
COMMENT ON COLUMN notification.done_by IS 'Call or letter: who did it.';
COMMENT ON COLUMN notification.outcome IS 'Call: reached, no_answer, wrong_number; letter: printed. On-call: acknowledged.';
-- Once: the same event is never told twice to the same recipient by the same channel.
CREATE UNIQUE INDEX notification_once_follower ON notification (jurisdiction_id, event_id, follower_id, template, channel) WHERE follower_id IS NOT NULL;
CREATE UNIQUE INDEX notification_once_staff ON notification (jurisdiction_id, event_id, recipient, template, channel, coalesce(service_id, body_id), coalesce(chain_index, 0)) WHERE follower_id IS NULL;
CREATE INDEX notification_due ON notification (jurisdiction_id, next_at) WHERE state = 'due';
CREATE INDEX notification_alert ON notification (jurisdiction_id, alert_id);

CREATE TABLE notification_attempt (
    jurisdiction_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    notification_id uuid NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('sent', 'retry', 'refused')),
    detail text,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, notification_id) REFERENCES notification (jurisdiction_id, id)
);
COMMENT ON TABLE notification_attempt IS 'Each try to send; append-only.';
COMMENT ON COLUMN notification_attempt.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN notification_attempt.id IS 'Order.';
COMMENT ON COLUMN notification_attempt.notification_id IS 'Notification.';
COMMENT ON COLUMN notification_attempt.at IS 'When.';
COMMENT ON COLUMN notification_attempt.outcome IS 'What the channel said.';
COMMENT ON COLUMN notification_attempt.detail IS 'The channel''s words, without addresses.';
CREATE INDEX notification_attempt_notification ON notification_attempt (jurisdiction_id, notification_id);
CREATE TRIGGER notification_attempt_append_only BEFORE UPDATE OR DELETE ON notification_attempt FOR EACH ROW EXECUTE FUNCTION refuse_change();
