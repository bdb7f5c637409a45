-- A person may work for several towns, and no town decides about the others: a role for somebody of another town is offered
-- first, and wrong PINs count in the town where they were typed.

CREATE TABLE grant_offer (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    staff_user_id uuid NOT NULL REFERENCES staff_user (id),
    email text,
    grants jsonb NOT NULL,
    offered_at timestamptz NOT NULL,
    offered_by uuid NOT NULL REFERENCES staff_user (id),
    settled_at timestamptz,
    outcome text CHECK (outcome IN ('accepted', 'declined', 'withdrawn')),
    PRIMARY KEY (jurisdiction_id, id),
    CHECK ((settled_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE grant_offer IS 'Grants that a town offers to a person of another one: none of them counts before the person accepts.';
COMMENT ON COLUMN grant_offer.jurisdiction_id IS 'Town that offers.';
COMMENT ON COLUMN grant_offer.id IS 'Identity.';
COMMENT ON COLUMN grant_offer.staff_user_id IS 'Person; not told to the town before they accept.';
COMMENT ON COLUMN grant_offer.email IS 'Address as the admin typed it, all that the town sees of the person; null once settled.';
COMMENT ON COLUMN grant_offer.grants IS 'What is offered: role, service_id, sector_id and crew_id of each grant. Never changed.';
COMMENT ON COLUMN grant_offer.offered_at IS 'When.';
COMMENT ON COLUMN grant_offer.offered_by IS 'By which admin.';
COMMENT ON COLUMN grant_offer.settled_at IS 'When it was accepted, declined or withdrawn; null: open.';
COMMENT ON COLUMN grant_offer.outcome IS 'How it ended: the person accepted or declined it, the town withdrew it.';
CREATE INDEX grant_offer_staff_user ON grant_offer (staff_user_id);

CREATE TABLE pin_wait (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    staff_user_id uuid NOT NULL REFERENCES staff_user (id),
    failures integer NOT NULL,
    failed_at timestamptz NOT NULL,
    PRIMARY KEY (jurisdiction_id, staff_user_id)
);
COMMENT ON TABLE pin_wait IS 'Wrong PINs on a town''s tablets: who guesses in one town makes nobody wait in another.';
COMMENT ON COLUMN pin_wait.jurisdiction_id IS 'Town of the tablets.';
COMMENT ON COLUMN pin_wait.staff_user_id IS 'Person whose PIN it was to be.';
COMMENT ON COLUMN pin_wait.failures IS 'Wrong PINs in a row; grows the wait, never locks for good.';
COMMENT ON COLUMN pin_wait.failed_at IS 'Last wrong PIN.';

ALTER TABLE grant_offer ENABLE ROW LEVEL SECURITY;
ALTER TABLE grant_offer FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON grant_offer USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
-- As with role_grant: whoever is offered something is signed in to another town.
CREATE POLICY own ON grant_offer FOR SELECT
    USING (staff_user_id = nullif(current_setting('vigie.staff_user', true), '')::uuid);
COMMENT ON POLICY own ON grant_offer IS 'A transaction that names a person (set_config(''vigie.staff_user'', id, true)) sees what every town offers to that person.';
ALTER TABLE pin_wait ENABLE ROW LEVEL SECURITY;
ALTER TABLE pin_wait FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON pin_wait USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT, INSERT, UPDATE ON grant_offer, pin_wait TO vigie_app;

-- A wait lasts a quarter of an hour at most: what was counted so far is not carried over.
ALTER TABLE staff_user DROP COLUMN pin_failures, DROP COLUMN pin_failed_at;
COMMENT ON COLUMN staff_user.session_epoch IS 'Tokens of an older epoch are refused in every town: sign-out everywhere, a new password, an account that is closed.';
