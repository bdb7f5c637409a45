//! Real peers: a mail relay, an S3 server and a gateway for text messages.

pub mod s3;
pub mod sms;
pub mod smtp;
