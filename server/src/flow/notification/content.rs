//! What a message says, before it is laid out as a mail, a letter or words for a call.

use super::acknowledgement;
use super::gsm7;
use super::scene::Scene;
use super::template::Template;
use crate::text::{Arg, Locale};

/// Places in three text messages that a phone joins: a joined one has 153 of its 160.
const THREE_MESSAGES: usize = 3 * 153;

/// A message in parts; layouts put them in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Language code.
    pub lang: &'static str,
    /// What stands between a label and its value in running text.
    pub colon: &'static str,
    /// Subject, one line.
    pub subject: String,
    /// Who speaks.
    pub sender: String,
    /// The news in one or two sentences.
    pub lead: String,
    /// Labels and values.
    pub facts: Vec<(String, String)>,
    /// Further sentences.
    pub paragraphs: Vec<String>,
    /// A button: words and address.
    pub action: Option<(String, String)>,
    /// Small print.
    pub footer: Vec<String>,
    /// That nobody reads an answer: for mails. A letter is answered at the address above it, a call at once.
    pub no_answer: Option<String>,
    /// Link that stops messages: words and address.
    pub unsubscribe: Option<(String, String)>,
}

/// What a message says.
#[must_use]
pub fn content(template: Template, scene: &Scene<'_>) -> Content {
    let id = |part: &str| format!("message-{}-{part}", template.text_name());
    let report = scene.your_report();
    let mut content = Content {
        lang: scene.locale.as_str(),
        colon: match scene.locale {
            Locale::Fr => "\u{a0}: ",
            Locale::En => ": ",
        },
        // Of the daily mail; `digest` counts its lines.
        subject: one_line(&scene.say(&id("subject"), &[("count", 1_u32.into())])),
        sender: scene.town.name.clone(),
        lead: scene.say(&id("lead"), &[("report", report.into())]),
        facts: Vec::new(),
        paragraphs: Vec::new(),
        action: None,
        footer: Vec::new(),
        no_answer: (!template.wants_answer()).then(|| scene.say("message-automatic", &[])),
        unsubscribe: None,
    };
    if template.for_residents() {
        resident(template, scene, &mut content);
    } else {
        colleague(template, scene, &mut content);
    }
    content
}

/// The text message of a template: one or two lines with the reference and the link, in the alphabet of text messages. An
/// acknowledgement says number, time, service and telephone, and what else fits into three messages that a phone joins.
#[must_use]
pub fn sms(template: Template, scene: &Scene<'_>) -> String {
    if !template.acknowledges() {
        return short(template, scene, &more(scene).unwrap_or_default());
    }
    let fits = |text: &str| gsm7::places(text).is_some_and(|places| places <= THREE_MESSAGES);
    let mut said = String::new();
    for sentence in acknowledgement::sentences(template, scene) {
        let longer = format!("{said} {sentence}");
        if fits(&short(template, scene, &longer)) {
            said = longer;
        }
    }
    short(template, scene, &said)
}

/// The text message of a template with further sentences, if any.
fn short(template: Template, scene: &Scene<'_>, more: &str) -> String {
    let link = scene.links.take.as_ref().or(scene.links.follow.as_ref());
    let code = scene.report.map_or("", |report| report.code.as_str());
    let received = scene.report.map(|report| scene.moment(report.received_at));
    let service = scene
        .service()
        .map(|service| format!("{}, {}", service.name.get(scene.locale), service.phone));
    let own: [(&'static str, Arg<'_>); 6] = [
        ("link", link.map_or("", String::as_str).into()),
        ("code", code.into()),
        ("reason", scene.reason().into()),
        ("received", received.unwrap_or_default().into()),
        ("service", service.unwrap_or_default().into()),
        ("more", more.into()),
    ];
    let text = scene.say(&format!("message-{}-sms", template.text_name()), &own);
    one_line(&gsm7::written(&text))
}

/// That a call is about further alerts too.
fn more(scene: &Scene<'_>) -> Option<String> {
    let more = scene.detail.more?;
    Some(scene.say("message-on-call-more", &[("more", more.into())]))
}

/// Texts of towns and residents go into headers and text messages: no line breaks, nothing unprintable.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Adds a label and its value, if there is one.
pub(super) fn fact(scene: &Scene<'_>, content: &mut Content, label: &str, value: String) {
    if !value.is_empty() {
        content
            .facts
            .push((scene.say(&format!("message-fact-{label}"), &[]), value));
    }
}

fn resident(template: Template, scene: &Scene<'_>, content: &mut Content) {
    if let Some(report) = scene.report {
        fact(scene, content, "reference", report.reference.clone());
        if template.acknowledges() {
            fact(scene, content, "received", scene.moment(report.received_at));
        }
    }
    if !scene.is_sensitive() {
        let category = scene.category().map_or("", |category| category.label.get(scene.locale));
        fact(scene, content, "category", category.to_owned());
        fact(scene, content, "place", scene.known_place().unwrap_or_default());
    }
    event(template, scene, content);
    if let Some(service) = scene.service() {
        let name = service.name.get(scene.locale);
        fact(scene, content, "service", format!("{name}\n{}", service.postal_address));
        fact(scene, content, "phone", service.phone.clone());
    }
    if let Some(note) = &scene.detail.public_note {
        fact(scene, content, "note", note.clone());
    }
    if template.acknowledges() {
        acknowledgement::mentions(template, scene, content);
    }
    if let Some(link) = &scene.links.follow {
        content.action = Some((scene.say("message-follow", &[]), link.clone()));
    }
    if let Some(report) = scene.report {
        content
            .footer
            .push(scene.say("message-follow-phone", &[("code", report.code.as_str().into())]));
    }
    content.footer.push(scene.say("message-privacy", &[]));
    if let Some(link) = &scene.links.unsubscribe {
        content.unsubscribe = Some((scene.say("message-unsubscribe", &[]), link.clone()));
    }
}

/// What a status says besides its name. A refusal and a hold always say why.
fn event(template: Template, scene: &Scene<'_>, content: &mut Content) {
    let detail = scene.detail;
    match template {
        Template::Rejected | Template::OnHold => fact(scene, content, "reason", scene.reason()),
        Template::PhotoRefused if detail.reason.is_some() => fact(scene, content, "reason", scene.reason()),
        Template::LateEvidence => {
            let closed = detail.closed_at.or(scene.alert.closed_at);
            fact(
                scene,
                content,
                "closed",
                closed.map(|at| scene.moment(at)).unwrap_or_default(),
            );
        }
        Template::Transferred => {
            let body = detail.body_id.or(scene.alert.body_id);
            if let Some(body) = body.and_then(|id| scene.town.bodies.get(&id)) {
                fact(scene, content, "body", body.name.get(scene.locale).to_owned());
                fact(scene, content, "phone", body.phone.clone().unwrap_or_default());
            }
        }
        _ => {}
    }
    if let (Template::Merged | Template::Separated | Template::Moved, false) = (template, scene.is_sensitive()) {
        fact(scene, content, "alert", scene.alert.reference.clone());
        if let Some(status) = detail.status {
            fact(scene, content, "status", scene.status(status));
        }
    }
    if template == Template::OnHold {
        let review = detail.review_on.or(scene.alert.review_on);
        fact(
            scene,
            content,
            "review",
            review.map(|day| scene.date(day)).unwrap_or_default(),
        );
    }
    if let (Template::Planned, Some(day)) = (template, detail.planned_on) {
        fact(scene, content, "planned", scene.date(day));
    }
    let still_to_come = !matches!(
        template,
        Template::Resolved | Template::Rejected | Template::LateEvidence | Template::Transferred
    );
    if let (true, Some(expected)) = (still_to_come, scene.expected()) {
        fact(scene, content, "expected", expected);
    }
}

/// Messages inside the town and to outside bodies: the alert, and nothing of the people who reported it.
fn colleague(template: Template, scene: &Scene<'_>, content: &mut Content) {
    let alert = scene.alert;
    fact(scene, content, "alert", alert.reference.clone());
    let category = scene.category().map_or("", |category| category.label.get(scene.locale));
    fact(scene, content, "category", category.to_owned());
    fact(scene, content, "place", alert.address.clone().unwrap_or_default());
    let position = format!("{:.6}, {:.6}", alert.anchor.y, alert.anchor.x);
    fact(scene, content, "position", position);
    fact(scene, content, "received", scene.moment(alert.opened_at));
    if template != Template::HandOver {
        fact(
            scene,
            content,
            "priority",
            scene.say(&format!("message-priority-{}", alert.priority), &[]),
        );
        fact(scene, content, "due", scene.moment(alert.due_at));
        fact(scene, content, "reports", alert.report_count.to_string());
        if let Some(service) = scene.service() {
            fact(scene, content, "service", service.name.get(scene.locale).to_owned());
        }
    }
    if scene.detail.reason.is_some() {
        fact(scene, content, "reason", scene.reason());
    }
    let note = scene.detail.note.as_ref().or(scene.detail.public_note.as_ref());
    fact(scene, content, "note", note.cloned().unwrap_or_default());
    content.paragraphs.extend(more(scene));
    if let Some(link) = &scene.links.take {
        content.action = Some((scene.say("message-acknowledge-call", &[]), link.clone()));
    }
}

/// The daily mail of a service: one line per alert.
#[must_use]
pub fn digest(scenes: &[Scene<'_>]) -> Option<Content> {
    let first = scenes.first()?;
    let mut digest = content(Template::ServiceDigest, first);
    let count = u32::try_from(scenes.len()).unwrap_or(u32::MAX);
    digest.subject = one_line(&first.say("message-service-digest-subject", &[("count", count.into())]));
    digest.facts = scenes
        .iter()
        .map(|scene| {
            let category = scene.category().map_or("", |category| category.label.get(scene.locale));
            (scene.alert.reference.clone(), format!("{category}\n{}", scene.place()))
        })
        .collect();
    Some(digest)
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
