//! Endpoints of the stage: what links in messages open, and what the desk does.

mod contact;
mod desk;
mod links;

pub use contact::{__path_reveal_contact, reveal_contact};
pub use desk::{
    __path_list_calls, __path_list_dead_notifications, __path_list_letters, __path_mark_letter_printed,
    __path_print_letter, __path_record_call_outcome, __path_retry_notification, list_calls, list_dead_notifications,
    list_letters, mark_letter_printed, print_letter, record_call_outcome, retry_notification,
};
pub use links::{
    __path_acknowledge_on_call, __path_on_call_page, __path_unsubscribe, __path_unsubscribe_page, acknowledge_on_call,
    on_call_page, unsubscribe, unsubscribe_page,
};
