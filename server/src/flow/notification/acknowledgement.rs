//! What only an acknowledgement says: the law's mentions (CRPA R112-11-1), and where the reporter has come in.

use super::content::{Content, fact};
use super::scene::Scene;
use super::template::Template;
use crate::flow::report::buckets::ReportedBy;
use crate::flow::status::vocabulary::PublicStatus;
use crate::text::Arg;

/// What the law wants an acknowledgement to say, and where the reporter has come in.
pub(super) fn mentions(template: Template, scene: &Scene<'_>, content: &mut Content) {
    if !scene.is_sensitive() {
        fact(scene, content, "alert", scene.alert.reference.clone());
    }
    // What was dealt with is said by then, and nothing is to be expected.
    if template == Template::Acknowledgement {
        where_it_stands(scene, content);
    }
    content.paragraphs.extend(implicit_decision(scene));
    if !scene.town.not_watched.is_empty() {
        content
            .paragraphs
            .push(scene.town.not_watched.get(scene.locale).to_owned());
    }
    if let Some(numbers) = scene.emergency_numbers() {
        content
            .paragraphs
            .push(scene.say("message-emergency", &[("numbers", numbers.into())]));
    }
}

/// Where the reporter has come in: how many reported it, its status, who has it and since when.
fn where_it_stands(scene: &Scene<'_>, content: &mut Content) {
    if !scene.is_sensitive() {
        if let (Some(joined), Some(by)) = (scene.detail.joined, scene.detail.reported_by) {
            let id = match (joined, by) {
                (false, _) => "message-opened",
                (true, ReportedBy::One) => "message-joined-1",
                (true, ReportedBy::TwoToFive) => "message-joined-2-5",
                (true, ReportedBy::SixOrMore) => "message-joined-6",
            };
            content.paragraphs.push(scene.say(id, &[]));
        }
        let status = scene.detail.status.filter(|status| *status != PublicStatus::Received);
        if let Some(status) = status {
            fact(scene, content, "status", scene.status(status));
            fact(scene, content, "since", scene.moment(scene.alert.status_at));
        }
        if waits(scene) {
            let review = scene.detail.review_on.map(|day| scene.date(day));
            fact(scene, content, "reason", scene.reason());
            fact(scene, content, "review", review.unwrap_or_default());
        }
        if let Some(body) = scene.detail.body_id.and_then(|id| scene.town.bodies.get(&id)) {
            fact(scene, content, "body", body.name.get(scene.locale).to_owned());
            fact(scene, content, "phone", body.phone.clone().unwrap_or_default());
        }
    }
    if scene.expected().is_none() {
        content.paragraphs.push(scene.say("message-no-estimate", &[]));
    }
}

/// Whether the reporter has come into an alert that was on hold.
fn waits(scene: &Scene<'_>) -> bool {
    scene.detail.status == Some(PublicStatus::OnHold)
}

/// What a text message adds to number, time and service, the most wanted first: whether the alert waits or somebody else has
/// it, its reference, where to write, when it should be done, and what the law makes of silence.
pub(super) fn sentences(template: Template, scene: &Scene<'_>) -> Vec<String> {
    let first = template == Template::Acknowledgement;
    let open = !scene.is_sensitive();
    let body = scene.detail.body_id.and_then(|id| scene.town.bodies.get(&id));
    let body: Option<Arg<'_>> = body.map(|body| body.name.get(scene.locale).into());
    let alert: Arg<'_> = scene.alert.reference.as_str().into();
    let address = scene.service().map(|service| service.postal_address.as_str());
    let address: Option<Arg<'_>> = address.filter(|address| !address.is_empty()).map(Into::into);
    let expected: Option<Arg<'_>> = scene.expected().map(Into::into);
    let reason: Option<Arg<'_>> = waits(scene).then(|| scene.reason().into());
    let review: Option<Arg<'_>> = scene.detail.review_on.map(|day| scene.date(day).into());
    let said = [
        ("message-sms-hold", "reason", reason.filter(|_| first && open)),
        (
            "message-sms-review",
            "review",
            review.filter(|_| first && open && waits(scene)),
        ),
        ("message-sms-body", "body", body.filter(|_| first && open)),
        ("message-sms-alert", "alert", Some(alert).filter(|_| open)),
        ("message-sms-address", "address", address),
        ("message-sms-expected", "expected", expected.filter(|_| first && open)),
    ];
    let said = said
        .into_iter()
        .filter_map(|(id, name, value)| Some(scene.say(id, &[(name, value?)])));
    said.chain(implicit_decision(scene)).collect()
}

/// What the law makes of silence, where the category is a formal request.
fn implicit_decision(scene: &Scene<'_>) -> Option<String> {
    let formal = scene.category().is_some_and(|category| category.formal_request);
    let sentence = &scene.town.implicit_decision;
    (formal && !sentence.is_empty()).then(|| sentence.get(scene.locale).to_owned())
}
