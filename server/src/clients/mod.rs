//! The services of others that Vigie calls: a mail relay and an SMS gateway. Each stands behind a trait with two real
//! implementations, the network one and one that keeps what would be sent in the data folder, for the demo (`vigie run`).

mod kept;
pub mod mail;
pub mod sms;

pub use kept::{KeptMail, kept_mail, kept_mails, kept_texts};

/// Why something was not sent. The words are for the operator and hold no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Worth trying again: the channel is away, busy, or greylists.
    Later(String),
    /// The channel will never take it for this recipient.
    Refused(String),
}
