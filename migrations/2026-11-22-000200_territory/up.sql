-- Who is competent where.

CREATE TABLE jurisdiction (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{2,60}$'),
    name text NOT NULL,
    time_zone text NOT NULL,
    locales text[] NOT NULL CHECK (cardinality(locales) > 0),
    boundary geography(MultiPolygon, 4326) NOT NULL,
    area_km2 double precision NOT NULL,
    postal_address text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL,
    emergency_numbers jsonb NOT NULL DEFAULT '[]',
    implicit_decision jsonb NOT NULL DEFAULT '{}',
    not_watched jsonb NOT NULL DEFAULT '{}',
    notice jsonb NOT NULL DEFAULT '{}',
    notice_version integer NOT NULL DEFAULT 1,
    settings jsonb NOT NULL DEFAULT '{}',
    default_service_id uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE jurisdiction IS 'A town, or whoever else receives reports for a territory. Outside row level security: a position is resolved to its town before a town is set.';
COMMENT ON COLUMN jurisdiction.id IS 'First part of nearly every key.';
COMMENT ON COLUMN jurisdiction.slug IS 'Short name in addresses; Open311''s jurisdiction_id.';
COMMENT ON COLUMN jurisdiction.name IS 'As written on its letters.';
COMMENT ON COLUMN jurisdiction.time_zone IS 'IANA name, e.g. Europe/Paris.';
COMMENT ON COLUMN jurisdiction.locales IS 'Languages spoken to people, best first.';
COMMENT ON COLUMN jurisdiction.boundary IS 'Territory; longitude, latitude.';
COMMENT ON COLUMN jurisdiction.area_km2 IS 'Of the boundary: where territories overlap, the smallest with that category open receives the report.';
COMMENT ON COLUMN jurisdiction.postal_address IS 'Of the town hall; printed in acknowledgements.';
COMMENT ON COLUMN jurisdiction.phone IS 'Of the town hall.';
COMMENT ON COLUMN jurisdiction.email IS 'Sender and reply address of messages.';
COMMENT ON COLUMN jurisdiction.emergency_numbers IS '[{number, label: {fr, en}}], given with every acknowledgement.';
COMMENT ON COLUMN jurisdiction.implicit_decision IS '{fr, en}: the sentence on implicit decisions for formal requests (CRPA).';
COMMENT ON COLUMN jurisdiction.not_watched IS '{fr, en}: the sentence saying that nobody watches reports day and night.';
COMMENT ON COLUMN jurisdiction.notice IS '{fr, en}: the data-protection notice.';
COMMENT ON COLUMN jurisdiction.notice_version IS 'Stored with each report.';
COMMENT ON COLUMN jurisdiction.settings IS 'Town''s own settings, see catalog::settings.';
COMMENT ON COLUMN jurisdiction.default_service_id IS 'Owner of what no routing rule sends elsewhere; set right after the town''s first service.';
COMMENT ON COLUMN jurisdiction.created_at IS 'When it was installed.';
CREATE INDEX jurisdiction_boundary ON jurisdiction USING gist (boundary);

CREATE TABLE sector (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    boundary geography(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (jurisdiction_id, id),
    UNIQUE (jurisdiction_id, code)
);
COMMENT ON TABLE sector IS 'A part of a territory that a crew or service looks after.';
COMMENT ON COLUMN sector.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN sector.id IS 'Identity.';
COMMENT ON COLUMN sector.code IS 'Short name, unique in the town.';
COMMENT ON COLUMN sector.name IS 'As people say it.';
COMMENT ON COLUMN sector.boundary IS 'Longitude, latitude.';

CREATE TABLE body (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('town', 'epci', 'departement', 'region', 'state', 'water', 'power', 'gas', 'telecom', 'transport', 'landlord', 'other')),
    name jsonb NOT NULL,
    postal_address text,
    phone text,
    email text,
    website text,
    hand_over text NOT NULL CHECK (hand_over IN ('email', 'call', 'letter', 'portal', 'none')),
    zone geography(MultiPolygon, 4326),
    PRIMARY KEY (jurisdiction_id, id),
    UNIQUE (jurisdiction_id, code)
);
COMMENT ON TABLE body IS 'An organisation competent for something in a zone: the town itself, the EPCI, the département, an operator, a landlord.';
COMMENT ON COLUMN body.jurisdiction_id IS 'Town whose reports may be handed over to it.';
COMMENT ON COLUMN body.id IS 'Identity.';
COMMENT ON COLUMN body.code IS 'Short name, unique in the town.';
COMMENT ON COLUMN body.kind IS 'What it is.';
COMMENT ON COLUMN body.name IS '{fr, en}.';
COMMENT ON COLUMN body.postal_address IS 'For letters and for the resident.';
COMMENT ON COLUMN body.phone IS 'For the resident and the desk.';
COMMENT ON COLUMN body.email IS 'Where hand-over sheets go when the channel is email.';
COMMENT ON COLUMN body.website IS 'Where a resident may report himself.';
COMMENT ON COLUMN body.hand_over IS 'How it takes a case over; call and letter become a task for the desk.';
COMMENT ON COLUMN body.zone IS 'Where it is competent; null: everywhere in the town.';
CREATE TRIGGER jurisdiction_version AFTER INSERT OR UPDATE OR DELETE ON jurisdiction FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER sector_version AFTER INSERT OR UPDATE OR DELETE ON sector FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
CREATE TRIGGER body_version AFTER INSERT OR UPDATE OR DELETE ON body FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_version();
