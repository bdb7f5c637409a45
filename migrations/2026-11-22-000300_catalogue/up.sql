-- What can be reported and who looks after it.

CREATE TABLE service (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    postal_address text NOT NULL,
    phone text NOT NULL,
    email text,
    calendar jsonb NOT NULL,
    delay jsonb NOT NULL,
    notices text NOT NULL DEFAULT 'instant' CHECK (notices IN ('instant', 'digest', 'none')),
    notice_hours jsonb NOT NULL DEFAULT '[]',
    consult_hours integer CHECK (consult_hours > 0),
    answer_hours integer CHECK (answer_hours > 0),
    on_call jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (jurisdiction_id, id),
    UNIQUE (jurisdiction_id, code)
);
COMMENT ON TABLE service IS 'A service of the town: roads, cleaning, lighting...';
COMMENT ON COLUMN service.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN service.id IS 'Identity.';
COMMENT ON COLUMN service.code IS 'Short name, unique in the town.';
COMMENT ON COLUMN service.name IS '{fr, en}.';
COMMENT ON COLUMN service.postal_address IS 'Printed in acknowledgements (CRPA R112-11-1).';
COMMENT ON COLUMN service.phone IS 'Printed in acknowledgements.';
COMMENT ON COLUMN service.email IS 'Where the service''s own notices go.';
COMMENT ON COLUMN service.calendar IS 'Opening hours and holidays, see catalog::calendar.';
COMMENT ON COLUMN service.delay IS 'Promised delay where the category has none, e.g. {"working_days": 5}.';
COMMENT ON COLUMN service.notices IS 'How the service hears of new alerts.';
COMMENT ON COLUMN service.notice_hours IS 'Hours that differ: [{"from": "18:00", "to": "08:00", "notices": "digest"}], local time.';
COMMENT ON COLUMN service.consult_hours IS 'With notices none: a new alert must be looked at within so many hours, or the supervisor is alarmed.';
COMMENT ON COLUMN service.answer_hours IS 'With notices none: and answered within so many hours.';
COMMENT ON COLUMN service.on_call IS 'Chain for what is urgent outside hours: [{"phone": "...", "minutes": 10}], next in line after so many minutes.';
ALTER TABLE jurisdiction ADD FOREIGN KEY (id, default_service_id) REFERENCES service (jurisdiction_id, id);

CREATE TABLE crew (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    service_id uuid NOT NULL,
    sector_id uuid,
    vehicle text,
    skills text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (jurisdiction_id, id),
    UNIQUE (jurisdiction_id, code),
    FOREIGN KEY (jurisdiction_id, service_id) REFERENCES service (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, sector_id) REFERENCES sector (jurisdiction_id, id)
);
COMMENT ON TABLE crew IS 'A team that goes out.';
COMMENT ON COLUMN crew.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN crew.id IS 'Identity.';
COMMENT ON COLUMN crew.code IS 'Short name, unique in the town.';
COMMENT ON COLUMN crew.name IS 'As people say it.';
COMMENT ON COLUMN crew.service_id IS 'Its service.';
COMMENT ON COLUMN crew.sector_id IS 'Its sector; null: the whole town.';
COMMENT ON COLUMN crew.vehicle IS 'Plate or name.';
COMMENT ON COLUMN crew.skills IS 'Free words.';
COMMENT ON COLUMN crew.active IS 'A crew that was dissolved stays for history.';

CREATE TABLE category (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    code text NOT NULL CHECK (code ~ '^[a-z0-9-]{2,60}$'),
    parent_id uuid,
    is_group boolean NOT NULL DEFAULT false,
    label jsonb NOT NULL,
    description jsonb NOT NULL DEFAULT '{}',
    keywords text[] NOT NULL DEFAULT '{}',
    icon text NOT NULL DEFAULT 'other',
    questions jsonb NOT NULL DEFAULT '{}',
    service_id uuid,
    delay jsonb,
    close_by text NOT NULL DEFAULT 'crew' CHECK (close_by IN ('crew', 'secretariat')),
    proof_photo boolean NOT NULL DEFAULT false,
    sensitive boolean NOT NULL DEFAULT false,
    formal_request boolean NOT NULL DEFAULT false,
    agent_only boolean NOT NULL DEFAULT false,
    priority smallint NOT NULL DEFAULT 2 CHECK (priority BETWEEN 1 AND 4),
    call_number text,
    redirect_body_id uuid,
    redirect_message jsonb NOT NULL DEFAULT '{}',
    dedup jsonb NOT NULL DEFAULT '{}',
    dedup_version integer NOT NULL DEFAULT 1,
    rejected_days integer NOT NULL DEFAULT 30 CHECK (rejected_days >= 0),
    position integer NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (jurisdiction_id, id),
    UNIQUE (jurisdiction_id, code),
    FOREIGN KEY (jurisdiction_id, parent_id) REFERENCES category (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, service_id) REFERENCES service (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, redirect_body_id) REFERENCES body (jurisdiction_id, id)
);
COMMENT ON TABLE category IS 'What can be reported; a tree.';
COMMENT ON COLUMN category.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN category.id IS 'Identity.';
COMMENT ON COLUMN category.code IS 'Short name in the API; Open311''s service_code.';
COMMENT ON COLUMN category.parent_id IS 'Group; a group itself takes no report.';
COMMENT ON COLUMN category.is_group IS 'True for an inner node of the tree.';
COMMENT ON COLUMN category.label IS '{fr, en}.';
COMMENT ON COLUMN category.description IS '{fr, en}.';
COMMENT ON COLUMN category.keywords IS 'For search, both languages.';
COMMENT ON COLUMN category.icon IS 'Name of an icon that the server serves.';
COMMENT ON COLUMN category.questions IS 'JSON Schema of the answers, with x-title, x-danger, x-severity, x-personal; {} asks nothing.';
COMMENT ON COLUMN category.service_id IS 'Service in charge when no routing rule says otherwise; null: the town''s default.';
COMMENT ON COLUMN category.delay IS 'Promised delay; null: the service''s.';
COMMENT ON COLUMN category.close_by IS 'Who delivers: crew = done is told to residents at once; secretariat = after its check.';
COMMENT ON COLUMN category.proof_photo IS 'Done needs a photo.';
COMMENT ON COLUMN category.sensitive IS 'Never public; the answer says only "received".';
COMMENT ON COLUMN category.formal_request IS 'The acknowledgement carries the sentence on implicit decisions.';
COMMENT ON COLUMN category.agent_only IS 'Only staff may use it.';
COMMENT ON COLUMN category.priority IS 'Of a new alert: 1 low, 2 normal, 3 high, 4 urgent.';
COMMENT ON COLUMN category.call_number IS 'Danger: people are told to call this number and nothing is taken in.';
COMMENT ON COLUMN category.redirect_body_id IS 'Not the town''s job: the resident is told who is competent and nothing is taken in.';
COMMENT ON COLUMN category.redirect_message IS '{fr, en}: shown with the number or with who is competent.';
COMMENT ON COLUMN category.dedup IS 'Policy of geo-dedup, see catalog::policy; {} = its defaults.';
COMMENT ON COLUMN category.dedup_version IS 'Grows with each change of the policy; stored with each decision.';
COMMENT ON COLUMN category.rejected_days IS 'An alert rejected less than so many days ago is suggested with its reason.';
COMMENT ON COLUMN category.position IS 'Order in lists.';
COMMENT ON COLUMN category.active IS 'An old category stays for history.';

CREATE TABLE category_gate (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    category_id uuid NOT NULL,
    rule text NOT NULL CHECK (rule IN ('closed', 'only')),
    sector_id uuid,
    season_from text CHECK (season_from ~ '^\d\d-\d\d$'),
    season_to text CHECK (season_to ~ '^\d\d-\d\d$'),
    valid_from timestamptz,
    valid_to timestamptz,
    message jsonb NOT NULL,
    instead jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, sector_id) REFERENCES sector (jurisdiction_id, id),
    CHECK ((season_from IS NULL) = (season_to IS NULL))
);
COMMENT ON TABLE category_gate IS 'Where and when a category is closed, or open only there and then.';
COMMENT ON COLUMN category_gate.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN category_gate.id IS 'Identity.';
COMMENT ON COLUMN category_gate.category_id IS 'Category.';
COMMENT ON COLUMN category_gate.rule IS 'closed: shut inside the conditions below; only: shut outside them.';
COMMENT ON COLUMN category_gate.sector_id IS 'Condition: this sector; null: everywhere.';
COMMENT ON COLUMN category_gate.season_from IS 'Condition: from this day of the year (MM-DD), local time.';
COMMENT ON COLUMN category_gate.season_to IS 'To this day, inclusive; may be before season_from (over New Year).';
COMMENT ON COLUMN category_gate.valid_from IS 'Condition: from this instant.';
COMMENT ON COLUMN category_gate.valid_to IS 'Until this instant.';
COMMENT ON COLUMN category_gate.message IS '{fr, en}: why.';
COMMENT ON COLUMN category_gate.instead IS '{fr, en}: where to go instead.';

CREATE TABLE routing_rule (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    category_id uuid,
    sector_id uuid,
    hours jsonb,
    rank integer NOT NULL DEFAULT 0,
    body_id uuid,
    service_id uuid,
    crew_id uuid,
    PRIMARY KEY (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, category_id) REFERENCES category (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, sector_id) REFERENCES sector (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, body_id) REFERENCES body (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, service_id) REFERENCES service (jurisdiction_id, id),
    FOREIGN KEY (jurisdiction_id, crew_id) REFERENCES crew (jurisdiction_id, id)
);
COMMENT ON TABLE routing_rule IS 'Category x sector x time to body, service and crew; the most specific rule wins.';
COMMENT ON COLUMN routing_rule.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN routing_rule.id IS 'Identity.';
COMMENT ON COLUMN routing_rule.category_id IS 'Category or group; null: all.';
COMMENT ON COLUMN routing_rule.sector_id IS 'Sector; null: all.';
COMMENT ON COLUMN routing_rule.hours IS '{"days": [1..7], "from": "HH:MM", "to": "HH:MM"}, local time; null: always.';
COMMENT ON COLUMN routing_rule.rank IS 'Between equally specific rules the higher wins.';
COMMENT ON COLUMN routing_rule.body_id IS 'Outside body that the alert is handed over to; null: the town keeps it.';
COMMENT ON COLUMN routing_rule.service_id IS 'Service in charge; null: the category''s.';
COMMENT ON COLUMN routing_rule.crew_id IS 'Crew proposed at dispatch; null: none.';
CREATE TRIGGER service_version AFTER INSERT OR UPDATE OR DELETE ON service FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER crew_version AFTER INSERT OR UPDATE OR DELETE ON crew FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER category_version AFTER INSERT OR UPDATE OR DELETE ON category FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER category_gate_version AFTER INSERT OR UPDATE OR DELETE ON category_gate FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER routing_rule_version AFTER INSERT OR UPDATE OR DELETE ON routing_rule FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
