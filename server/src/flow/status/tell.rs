//! Who hears of a step, and what: followers by a small vocabulary, the service when it has to act.

use serde_json::{Value, json};
use uuid::Uuid;

use super::effects::Taken;
use super::event::By;
use super::vocabulary::{Status, Step};
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::flow::alert::model::Alert;
use crate::flow::notification::fan_out::{self, ServiceNotice};
use crate::flow::notification::template::Template;
use crate::http::problem::Problem;

/// Writes what followers and the service are owed for a step.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    tx: &Tx,
    town: &Town,
    alert: &Alert,
    taken: &Taken<'_>,
    event_id: Uuid,
    by: &By<'_>,
) -> Result<(), Problem> {
    if by.historic {
        return Ok(());
    }
    let template = template(taken.step, taken.from).filter(|_| !by.details.quiet);
    if let Some(template) = template {
        let detail = detail(alert, taken, by);
        fan_out::followers(tx, town.id, alert.id, event_id, template, detail, taken.at).await?;
    }
    let notice = notice(taken.step).filter(|_| !by.details.quiet);
    if let Some(notice) = notice {
        fan_out::service(tx, town, alert, event_id, notice, taken.at).await?;
    }
    Ok(())
}

/// The steps by which a service answers: whoever reported the alert hears of them.
pub fn answers() -> Vec<&'static str> {
    let heard = |step: &Step| template(*step, Status::Qualified).is_some_and(Template::for_residents);
    let steps = Step::ALL.iter().copied().filter(heard);
    steps.map(Step::as_str).collect()
}

/// What followers are told of a step, from the status before it; nothing of what is the town's own affair.
fn template(step: Step, from: Status) -> Option<Template> {
    match step {
        Step::Qualify => Some(Template::Qualified),
        Step::Dispatch => Some(Template::Dispatched),
        Step::Plan => Some(Template::Planned),
        Step::Start => Some(Template::InProgress),
        Step::Hold | Step::NeedMaterial => Some(Template::OnHold),
        Step::MakeSafe => Some(Template::MadeSafe),
        Step::Deliver => Some(Template::Resolved),
        Step::Reject => Some(Template::Rejected),
        Step::Transfer => Some(Template::Transferred),
        Step::TakeBack => (from == Status::Transferred).then_some(Template::TakenBack),
        Step::Reopen => Some(Template::Reopened),
        Step::Pause | Step::Resume | Step::Finish | Step::NotFound | Step::NotOurs | Step::Dangerous => None,
    }
}

/// What the service is told of a step that somebody else took.
const fn notice(step: Step) -> Option<ServiceNotice> {
    match step {
        Step::Dangerous => Some(ServiceNotice::RaisedSeverity),
        Step::TakeBack => Some(ServiceNotice::TakenBack),
        Step::Reopen => Some(ServiceNotice::NewAlert),
        _ => None,
    }
}

/// What a message says that may have changed by the time it is sent.
fn detail(alert: &Alert, taken: &Taken<'_>, by: &By<'_>) -> Value {
    json!({
        "status": taken.to.public_status(),
        "reason": alert.reason.as_deref().or(taken.given.reason),
        "public_note": by.details.public_note,
        "planned_on": taken.given.planned_date,
        "review_on": alert.review_on,
        "body_id": alert.body_id,
        "expected_from": alert.expected_from,
        "expected_to": alert.expected_to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_answers_by_what_people_hear_of() {
        let answers = answers();
        for heard in [
            Step::Dispatch,
            Step::Plan,
            Step::Start,
            Step::Hold,
            Step::Transfer,
            Step::Reject,
            Step::Deliver,
        ] {
            assert!(answers.contains(&heard.as_str()), "{heard}");
        }
        for silent in [
            Step::Qualify,
            Step::Pause,
            Step::Finish,
            Step::TakeBack,
            Step::Dangerous,
        ] {
            assert!(!answers.contains(&silent.as_str()), "{silent}");
        }
    }
}
