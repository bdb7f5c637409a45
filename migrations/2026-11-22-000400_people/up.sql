-- Staff, what they may do, and the tablets that crews share.

CREATE TABLE staff_user (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text,
    pin_hash text,
    pin_failures integer NOT NULL DEFAULT 0,
    pin_failed_at timestamptz,
    locale text NOT NULL DEFAULT 'fr',
    session_epoch integer NOT NULL DEFAULT 0,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE staff_user IS 'A person who works for one or more towns. Outside row level security: signing in comes before a town is known.';
COMMENT ON COLUMN staff_user.id IS 'Identity.';
COMMENT ON COLUMN staff_user.email IS 'Work address, the name to sign in with.';
COMMENT ON COLUMN staff_user.name IS 'Shown to colleagues.';
COMMENT ON COLUMN staff_user.password_hash IS 'argon2id, PHC string; null: signs in elsewhere or only by PIN.';
COMMENT ON COLUMN staff_user.pin_hash IS 'argon2id of the personal PIN, valid on enrolled tablets only.';
COMMENT ON COLUMN staff_user.pin_failures IS 'Wrong PINs in a row; grows the wait, never locks for good.';
COMMENT ON COLUMN staff_user.pin_failed_at IS 'Last wrong PIN.';
COMMENT ON COLUMN staff_user.locale IS 'Language of messages and of the console.';
COMMENT ON COLUMN staff_user.session_epoch IS 'Access tokens of an older epoch are refused: sign-out everywhere, password or role change.';
COMMENT ON COLUMN staff_user.disabled_at IS 'From when on the person cannot sign in.';
COMMENT ON COLUMN staff_user.created_at IS 'When added.';
CREATE UNIQUE INDEX staff_user_email ON staff_user (lower(email));

CREATE TABLE role_grant (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    staff_user_id uuid NOT NULL REFERENCES staff_user (id),
    role text NOT NULL CHECK (role IN ('crew', 'front_desk', 'secretariat', 'supervisor', 'admin', 'contractor', 'signatory', 'dpo')),
    service_id uuid,
    sector_id uuid,
    crew_id uuid,
    granted_at timestamptz NOT NULL DEFAULT now(),
    granted_by uuid REFERENCES staff_user (id),
    revoked_at timestamptz,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, service_id) REFERENCES service (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, sector_id) REFERENCES sector (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id),
    CHECK (role <> 'crew' OR crew_id IS NOT NULL)
);
COMMENT ON TABLE role_grant IS 'What a person may do in a town, and for which part of it.';
COMMENT ON COLUMN role_grant.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN role_grant.id IS 'Identity.';
COMMENT ON COLUMN role_grant.staff_user_id IS 'Person.';
COMMENT ON COLUMN role_grant.role IS 'contractor, signatory and dpo are reserved.';
COMMENT ON COLUMN role_grant.service_id IS 'Only this service; null: all.';
COMMENT ON COLUMN role_grant.sector_id IS 'Only this sector; null: all.';
COMMENT ON COLUMN role_grant.crew_id IS 'For the role crew: the crew.';
COMMENT ON COLUMN role_grant.granted_at IS 'Since when.';
COMMENT ON COLUMN role_grant.granted_by IS 'Who gave it; null: the installation.';
COMMENT ON COLUMN role_grant.revoked_at IS 'Until when.';
CREATE INDEX role_grant_staff_user ON role_grant (jurisdiction_id, staff_user_id) WHERE revoked_at IS NULL;
-- Beside the policy `town` of every table: signing in with a password comes before a town is known.
CREATE POLICY own ON role_grant FOR SELECT
    USING (staff_user_id = nullif(current_setting('vigie.staff_user', true), '')::uuid);
COMMENT ON POLICY own ON role_grant IS 'A transaction that names a person (set_config(''vigie.staff_user'', id, true)) sees that person''s grants of every town.';

CREATE TABLE device (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    name text NOT NULL,
    crew_id uuid,
    code_hash bytea,
    code_expires_at timestamptz,
    secret_hash bytea,
    created_by uuid NOT NULL REFERENCES staff_user (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    enrolled_at timestamptz,
    last_seen_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id)
);
COMMENT ON TABLE device IS 'A tablet that a supervisor enrolled.';
COMMENT ON COLUMN device.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN device.id IS 'Identity.';
COMMENT ON COLUMN device.name IS 'What is written on it.';
COMMENT ON COLUMN device.crew_id IS 'Crew that uses it most.';
COMMENT ON COLUMN device.code_hash IS 'SHA-256 of the enrolment code until it was used.';
COMMENT ON COLUMN device.code_expires_at IS 'The code dies then.';
COMMENT ON COLUMN device.secret_hash IS 'SHA-256 of the device''s own secret, once enrolled.';
COMMENT ON COLUMN device.created_by IS 'Who enrolled it.';
COMMENT ON COLUMN device.created_at IS 'When the code was made.';
COMMENT ON COLUMN device.enrolled_at IS 'When the code was used.';
COMMENT ON COLUMN device.last_seen_at IS 'Last sign-in on it, to the day.';
COMMENT ON COLUMN device.revoked_at IS 'Lost or retired: its sessions end.';

CREATE TABLE session (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    staff_user_id uuid NOT NULL REFERENCES staff_user (id),
    device_id uuid,
    token_hash bytea NOT NULL,
    previous_hash bytea,
    rotated_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('signed_out', 'revoked', 'reuse', 'device_revoked', 'disabled')),
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, device_id) REFERENCES device (jurisdiction_id, id)
);
COMMENT ON TABLE session IS 'A signed-in person, in one town, on one device; its refresh tokens rotate.';
COMMENT ON COLUMN session.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN session.id IS 'Identity; the access token''s sid.';
COMMENT ON COLUMN session.staff_user_id IS 'Person.';
COMMENT ON COLUMN session.device_id IS 'Enrolled tablet, if signed in by PIN.';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the refresh token in force.';
COMMENT ON COLUMN session.previous_hash IS 'Of the one before: used again within the grace it gets the same successor, later the session ends.';
COMMENT ON COLUMN session.rotated_at IS 'When the token in force was made.';
COMMENT ON COLUMN session.started_at IS 'When the person signed in.';
COMMENT ON COLUMN session.expires_at IS 'Absolute end.';
COMMENT ON COLUMN session.ended_at IS 'Signed out, revoked or reuse detected.';
COMMENT ON COLUMN session.end_reason IS 'Why it ended.';
CREATE INDEX session_staff_user ON session (jurisdiction_id, staff_user_id) WHERE ended_at IS NULL;
CREATE INDEX session_device ON session (jurisdiction_id, device_id) WHERE ended_at IS NULL AND device_id IS NOT NULL;
