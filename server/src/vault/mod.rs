//! The contact vault: how to reach the people who reported, encrypted one by one, and nowhere else.
//!
//! * Every person has a key of 256 random bits, wrapped by the vault key in force of the key file; destroying the wrapped
//!   key makes the person unreadable, in every backup too.
//! * The application adds people ([`put`]) in the transaction of the report and cannot read them back.
//! * [`reveal`] is the only reader: on the vault's own login and small pool, with a purpose, which says what is opened. That
//!   login reads no row of the data: a function of the database gives what the purpose opens and writes the access trail in
//!   the same call. No trail, no data.
//!
//! Tables: `vault.person_key`, `vault.contact`, `vault.access_event`. Everything else holds a random subject reference.

mod queries;
mod reveal;
mod seal;

pub use queries::put;
pub use reveal::{Purpose, Reading, reveal, rewrap, wrapped_by};
pub use seal::{Contact, Field, blind_index, daily_mark};
