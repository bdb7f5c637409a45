-- A map under the markers that needs nobody outside: streets, water, parks, cut into tiles once.

CREATE TABLE base_tile (
    jurisdiction_id integer NOT NULL REFERENCES jurisdiction (id),
    z smallint NOT NULL CHECK (z BETWEEN 0 AND 22),
    x integer NOT NULL CHECK (x >= 0),
    y integer NOT NULL CHECK (y >= 0),
    bytes bytea NOT NULL,
    PRIMARY KEY (jurisdiction_id, z, x, y)
);
COMMENT ON TABLE base_tile IS 'Vector tiles (MVT) of a town''s base map; made anew as a whole by each import.';
COMMENT ON COLUMN base_tile.jurisdiction_id IS 'Town.';
COMMENT ON COLUMN base_tile.z IS 'Zoom.';
COMMENT ON COLUMN base_tile.x IS 'Column, from the west.';
COMMENT ON COLUMN base_tile.y IS 'Row, from the north.';
COMMENT ON COLUMN base_tile.bytes IS 'The tile: layers land, river, street and boundary.';
ALTER TABLE base_tile ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE base_tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE base_tile FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON base_tile USING (jurisdiction_id = public.current_jurisdiction()) WITH CHECK (jurisdiction_id = public.current_jurisdiction());
GRANT SELECT ON base_tile TO vigie_public;
GRANT SELECT, INSERT, DELETE ON base_tile TO vigie_app;
