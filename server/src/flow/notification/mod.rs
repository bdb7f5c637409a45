//! Stage 6. Tell everyone who cares, once.
//!
//! A command that changes something leaves, in its own transaction, one row per follower, channel and event
//! ([`fan_out`]) and one job. The worker ([`deliver`]) claims rows under a lease, sends outside any transaction, and records
//! what the channel said. A crash between the relay's "250" and our commit can make one copy more, with the same
//! Message-ID; nothing else can, and nothing is ever lost: what is given up after the last retry stays, dead, where the desk
//! sees it.
//!
//! Channels: e-mail and SMS are sent; a call and a letter become a task for the desk; who chose the app reads by the follow
//! link and has no row. Services hear once per alert, by their own policy ([`notice`]): at once, in a daily mail
//! ([`digest`]) or not at all; what is urgent outside hours goes to the on-call chain ([`on_call`]).
//!
//! Who follows a report that a person puts into another alert hears of it after ten minutes ([`regroup`]): until then it can
//! be taken back without a word.
//!
//! A message is made in three steps: [`dossier`] reads what it may say, [`content`] says it, [`layout`] gives it its form.
//!
//! Tables: `follower`, `notification`, `notification_attempt`.

mod acknowledgement;
pub mod content;
pub mod deliver;
pub mod desk;
pub mod digest;
pub mod dossier;
pub mod fan_out;
mod gsm7;
pub mod http;
pub mod jobs;
pub mod layout;
pub mod model;
pub mod notice;
pub mod on_call;
pub mod queries;
pub mod recipient;
pub mod regroup;
pub mod scene;
pub mod template;
pub mod token;
