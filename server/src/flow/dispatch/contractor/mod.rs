//! A company without an account does a task by a link.
//!
//! Somebody of the desk makes the [`link`]: signed, for some days, over as soon as the task is. It opens a page without a
//! script (`page.rs`) with everything that the work needs and nothing of who reported it ([`sheet`]); looking changes
//! nothing. Its [`form`] takes effect as the crew's own step would ([`act`]), in the role `contractor`, and is audited with
//! the company's name. The signature stands in the form's address, and no cookie does: another site's page can send nothing
//! that whoever holds the link could not send anyway. Table: `contractor_link`.

pub mod act;
pub mod form;
pub mod http;
pub mod link;
mod page;
pub mod queries;
pub mod sheet;
