-- What the public may read of an alert, and nothing else: tables and a role of their own, kept from the change log.

CREATE TABLE public_alert (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    alert_id uuid NOT NULL,
    category_id uuid NOT NULL,
    status text NOT NULL,
    open boolean NOT NULL,
    point geography(Point, 4326) NOT NULL,
    h3_15 bigint NOT NULL,
    opened_on date NOT NULL,
    closed_on date,
    reported_by text CHECK (reported_by IN ('1', '2-5', '6+')),
    photo_ids uuid[] NOT NULL,
    PRIMARY KEY (jurisdiction_id, alert_id)
);
COMMENT ON TABLE public_alert IS 'An alert as the public may know it. Alerts of sensitive categories and merged ones are not in it.';
COMMENT ON COLUMN public_alert.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN public_alert.alert_id IS 'Alert.';
COMMENT ON COLUMN public_alert.category_id IS 'Category.';
COMMENT ON COLUMN public_alert.status IS 'What residents are told of where it stands.';
COMMENT ON COLUMN public_alert.open IS 'Whether a new report of the same thing may join.';
COMMENT ON COLUMN public_alert.point IS 'Centre of the H3 cell (resolution 12, about 10 m) that it lies in: always the same, whoever asks, and never an exact position.';
COMMENT ON COLUMN public_alert.h3_15 IS 'H3 cell (resolution 15) of the point.';
COMMENT ON COLUMN public_alert.opened_on IS 'Day of the first report, in the town''s time zone.';
COMMENT ON COLUMN public_alert.closed_on IS 'Day it stopped being open.';
COMMENT ON COLUMN public_alert.reported_by IS 'Number of reports, said coarsely.';
COMMENT ON COLUMN public_alert.photo_ids IS 'Photos that a person released, earliest first, the latest proof of repair last.';
CREATE INDEX public_alert_place ON public_alert (jurisdiction_id, h3_15) WHERE open;

CREATE TABLE projection_state (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    txid xid8 NOT NULL,
    change_id bigint NOT NULL,
    PRIMARY KEY (jurisdiction_id)
);
COMMENT ON TABLE projection_state IS 'How far the change log has been projected.';
COMMENT ON COLUMN projection_state.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN projection_state.txid IS 'Transaction of the last change that was.';
COMMENT ON COLUMN projection_state.change_id IS 'That change.';

CREATE INDEX change_order ON change (jurisdiction_id, txid, id);

-- Both stand behind the second wall.
ALTER TABLE public_alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE public_alert FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON public_alert USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
ALTER TABLE projection_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE projection_state FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON projection_state USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT ON public_alert TO vigie_public;
GRANT SELECT, INSERT, UPDATE, DELETE ON public_alert TO vigie_app;
GRANT SELECT, INSERT, UPDATE ON projection_state TO vigie_app;
