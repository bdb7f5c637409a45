-- A tile that was drawn is good until the projection moves: who draws it for the public sees how far that came.

GRANT SELECT ON projection_state TO vigie_public;
