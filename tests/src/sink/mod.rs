//! Real peers: a mail relay and an S3 server, one of each per run.

pub mod s3;
pub mod smtp;
