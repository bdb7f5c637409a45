DROP TABLE body;
DROP TABLE sector;
DROP TABLE jurisdiction;
