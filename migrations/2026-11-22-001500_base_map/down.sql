DROP TABLE base_tile;
