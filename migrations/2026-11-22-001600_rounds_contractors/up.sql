-- A crew's day in an order, and links for companies without an account.

CREATE TABLE round (
    jurisdiction_id integer NOT NULL,
    crew_id uuid NOT NULL,
    day date NOT NULL,
    planned_at timestamptz NOT NULL,
    planned_by uuid NOT NULL REFERENCES staff_user (id),
    start geography(Point, 4326),
    PRIMARY KEY (jurisdiction_id, crew_id, day),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id)
);
COMMENT ON TABLE round IS 'Days of crews that somebody had put in order; the order itself stands in task.rank. What is urgent re-plans it.';
COMMENT ON COLUMN round.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN round.crew_id IS 'Crew.';
COMMENT ON COLUMN round.day IS 'Local date.';
COMMENT ON COLUMN round.planned_at IS 'When it was ordered last, by a person or by the machine.';
COMMENT ON COLUMN round.planned_by IS 'Who asked for it last.';
COMMENT ON COLUMN round.start IS 'Where the way begins, as that person said; null: at the first stop.';

CREATE TABLE contractor_link (
    jurisdiction_id integer NOT NULL,
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    company text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL REFERENCES staff_user (id),
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, task_id) REFERENCES task (jurisdiction_id, id)
);
COMMENT ON TABLE contractor_link IS 'To which companies a task was shown. Until when each link works is signed into the link, and stands in the audit trail.';
COMMENT ON COLUMN contractor_link.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN contractor_link.id IS 'Identity; part of the link.';
COMMENT ON COLUMN contractor_link.task_id IS 'Task; the link is over when the task is.';
COMMENT ON COLUMN contractor_link.company IS 'Name of the company, for the history and the audit trail; not part of the link.';
COMMENT ON COLUMN contractor_link.created_at IS 'When.';
COMMENT ON COLUMN contractor_link.created_by IS 'By whom.';

COMMENT ON COLUMN audit_event.actor IS 'anonymous, reporter, contractor, staff, system.';

CREATE INDEX task_ended ON task (jurisdiction_id, crew_id, ended_at) WHERE state = 'ended';

ALTER TABLE round ENABLE ROW LEVEL SECURITY;
ALTER TABLE round FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON round USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
ALTER TABLE contractor_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE contractor_link FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON contractor_link USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT, INSERT, UPDATE ON round TO vigie_app;
GRANT SELECT, INSERT ON contractor_link TO vigie_app;
