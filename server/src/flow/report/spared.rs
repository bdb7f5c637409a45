//! Who is spared further messages. Anybody can type anybody's address or number into a report: past a few in an hour the
//! report is taken in and acknowledged on the screen, and no message follows. The database counts, so that it holds however
//! many servers there are; what is sent in the very same instant may pass it.

use chrono::TimeDelta;

use super::model::{ContactWay, Withheld};
use super::queries;
use super::write::Draft;
use crate::app::App;
use crate::auth::keys::KeyRing;
use crate::db::Tx;
use crate::flow::notification;
use crate::http::problem::Problem;
use crate::vault::{self, Field};

/// A day has as many as so many hours.
const HOURS_OF_A_DAY: i64 = 4;

/// The mark by which messages to the recipient of a report's are counted; none for ways that need no address.
pub(super) fn mark(keys: &KeyRing, draft: &Draft<'_>) -> Option<Vec<u8>> {
    let contact = &draft.submission.contact;
    let (field, value) = match draft.submission.way {
        ContactWay::Email => (Field::Email, contact.email.as_deref()?),
        ContactWay::Sms | ContactWay::Call => (Field::Phone, contact.phone.as_deref()?),
        ContactWay::App | ContactWay::Letter | ContactWay::None => return None,
    };
    vault::daily_mark(keys, draft.town().id, field, value, draft.now.date_naive())
}

/// Whether the author of a report gets no messages, and why. Whoever is signed in answers for what they enter, and history of
/// an older system is told to nobody.
pub(super) async fn withheld(
    app: &App,
    tx: &Tx,
    draft: &Draft<'_>,
    mark: Option<&[u8]>,
) -> Result<Option<Withheld>, Problem> {
    let sender = draft.sender;
    let anonymous = sender.staff.is_none() && sender.town.is_none() && !sender.historic;
    let Some(mark) = mark.filter(|_| anonymous) else {
        return Ok(None);
    };
    let (town, limits, hour_ago) = (draft.town().id, app.config.messages, draft.now - TimeDelta::hours(1));
    let per_hour = i64::from(limits.per_recipient.get());
    let per_day = per_hour * HOURS_OF_A_DAY;
    let told = queries::told_today(tx, town, mark, per_day).await?;
    let lately = told.iter().filter(|at| **at > hour_ago).count();
    let reached = |count: usize, limit: i64| i64::try_from(count).is_ok_and(|count| count >= limit);
    if reached(told.len(), per_day) || reached(lately, per_hour) {
        return Ok(Some(Withheld::Recipient));
    }
    let by_sms = draft.submission.way == ContactWay::Sms;
    if by_sms
        && notification::queries::queue::texts_since(tx, town, hour_ago).await? >= i64::from(limits.sms_per_town.get())
    {
        return Ok(Some(Withheld::Town));
    }
    Ok(None)
}
