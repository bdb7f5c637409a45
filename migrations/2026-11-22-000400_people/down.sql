DROP TABLE session;
DROP TABLE device;
DROP TABLE role_grant;
DROP TABLE staff_user;
