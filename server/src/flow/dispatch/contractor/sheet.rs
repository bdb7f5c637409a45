//! What a company is shown of a task.
//!
//! No word that a resident typed is on it but the address, without which nobody finds the place: people write their names,
//! their neighbours' and their telephone numbers into a description, and no machine takes them out reliably. What is the
//! matter is told by the category, by answers that were chosen and not typed, and by the instructions, which somebody of the
//! desk wrote for this reader. A resident's photo is on it once a person released it, as for everybody outside the town's
//! house; what crews and companies photographed there is. Photos of a sensitive category stay inside: they may show persons.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::queries::{self, Link};
use crate::app::App;
use crate::auth::keys::Key;
use crate::auth::secret::sign_link;
use crate::catalog::model::{Catalogue, Category, Town};
use crate::db::{TownId, Tx};
use crate::flow::alert;
use crate::flow::alert::model::Alert;
use crate::flow::dispatch::model::Task;
use crate::flow::dispatch::queries::find_task;
use crate::flow::photo;
use crate::flow::photo::links::{LIFETIME, path, released_path};
use crate::flow::photo::model::{Photo, PhotoState};
use crate::flow::photo::store::Part;
use crate::flow::report;
use crate::http::problem::Problem;
use crate::text::{Locale, Texts};

/// Most photos of a page, the latest.
const MOST_PHOTOS: usize = 12;

/// A task by its link.
pub struct Held {
    /// Town.
    pub town: Arc<Town>,
    /// Link.
    pub link: Link,
    /// Task.
    pub task: Task,
    /// Its alert.
    pub alert: Alert,
}

impl Held {
    /// Reads it; `None` when there is no such link. The caller has read the catalogue before the transaction began: whoever
    /// holds a connection and waits for another lets the pool run dry.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(tx: &mut Tx, catalogue: &Catalogue, id: Uuid) -> Result<Option<Self>, Problem> {
        let (link, town) = (queries::find(tx, id).await?, catalogue.town(tx.town()));
        let Some((link, town)) = link.zip(town.cloned()) else {
            return Ok(None);
        };
        let task = find_task(tx, link.task_id).await?;
        let alert = alert::queries::find(tx, task.alert_id).await?;
        Ok(Some(Self {
            town,
            link,
            task,
            alert,
        }))
    }

    /// The alert's category.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        self.town.category_by_id(self.alert.category_id)
    }
}

/// A picture of the evidence, by links that work for five minutes.
#[derive(Debug)]
pub struct Picture {
    /// Longest side 400 pixels.
    pub small: String,
    /// Longest side 1600 pixels.
    pub large: String,
    /// `report` or `proof`.
    pub kind: String,
}

/// What the page shows.
#[derive(Debug)]
pub struct Sheet {
    /// Name of the town.
    pub town: String,
    /// What people say on the telephone.
    pub reference: String,
    /// Who has the link.
    pub company: String,
    /// Of the category.
    pub category: String,
    /// As first given.
    pub address: Option<String>,
    /// Degrees, six decimals.
    pub latitude: String,
    /// Degrees, six decimals.
    pub longitude: String,
    /// From whoever dispatched it.
    pub instructions: Option<String>,
    /// In words.
    pub day: Option<String>,
    /// In words.
    pub until: String,
    /// Name of the service in charge.
    pub service: String,
    /// Its telephone, as people write it.
    pub phone: String,
    /// Questions and what was answered to each.
    pub facts: Vec<(String, String)>,
    /// Released evidence, and what was photographed after earlier work.
    pub pictures: Vec<Picture>,
    /// Whether the work needs a photo to be done.
    pub proof_required: bool,
}

impl Sheet {
    /// Reads what the page shows. Of a task that is over: only who it was, and whom to ask.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(
        app: &App,
        tx: &mut Tx,
        held: &Held,
        expires_at: DateTime<Utc>,
        (locale, now): (Locale, DateTime<Utc>),
    ) -> Result<Self, Problem> {
        let (town, alert, category) = (&held.town, &held.alert, held.category());
        let live = held.task.is_live();
        let answers = if live {
            queries::answers(tx, alert.id).await?
        } else {
            Vec::new()
        };
        let pictures = if !live || town.is_sensitive(&[alert.category_id]) {
            Vec::new()
        } else {
            let mut photos = photo::queries::of_alert(tx, town.id, alert.id).await?;
            let members = report::queries::members(tx, town.id, &[alert.id]).await?;
            let private = members.iter().filter(|member| town.is_sensitive(&[member.category_id]));
            let private: Vec<Uuid> = private.map(|member| member.id).collect();
            photos.retain(|photo| photo.report_id.is_none_or(|id| !private.contains(&id)));
            pictures(&app.keys.server, town.id, &photos, now)?
        };
        let service = town.services.get(&alert.service_id);
        let until = town.day_at(expires_at);
        Ok(Self {
            town: town.name.clone(),
            reference: alert.reference.clone(),
            company: held.link.company.clone(),
            category: category.map_or_else(String::new, |category| category.label.get(locale).to_owned()),
            address: alert.address.clone(),
            latitude: format!("{:.6}", alert.anchor.y),
            longitude: format!("{:.6}", alert.anchor.x),
            instructions: held.task.instructions.clone(),
            day: held.task.planned_on.map(|day| app.texts.day(locale, day)),
            until: app.texts.day(locale, until),
            service: service.map_or_else(String::new, |service| service.name.get(locale).to_owned()),
            phone: service.map_or_else(|| town.phone.clone(), |service| service.phone.clone()),
            facts: category.map_or_else(Vec::new, |category| facts(&app.texts, locale, category, &answers)),
            pictures,
            proof_required: category.is_some_and(|category| category.rules.proof_photo_required),
        })
    }

    /// The telephone as a link dials it: digits, and the plus before a country's.
    #[must_use]
    pub fn dialled(&self) -> String {
        let dialled = |c: &char| c.is_ascii_digit() || *c == '+';
        self.phone.chars().filter(dialled).collect()
    }
}

/// Proofs, and of the residents' photos those that were released, by links that die when one is taken back. Addresses
/// without a server's name: the page is served by whoever serves the pictures, under whichever name it was asked.
fn pictures(key: &Key, town: TownId, photos: &[Photo], now: DateTime<Utc>) -> Result<Vec<Picture>, Problem> {
    let mut found = Vec::new();
    for photo in photos.iter().rev() {
        let of_resident = photo.report_id.is_some();
        let shown = !of_resident || photo.released_at.is_some();
        if shown && found.len() < MOST_PHOTOS && photo.state()? == PhotoState::Ready {
            let named = if of_resident { released_path } else { path };
            let link = |part| sign_link(key, &named(town, photo.id, part), now + LIFETIME);
            found.push(Picture {
                small: link(Part::Small),
                large: link(Part::Large),
                kind: photo.kind.clone(),
            });
        }
    }
    found.reverse();
    Ok(found)
}

/// Each question once, with all that was answered to it.
fn facts(texts: &Texts, locale: Locale, category: &Category, answers: &[serde_json::Value]) -> Vec<(String, String)> {
    let say = |id: &str| texts.say(locale, id, &[]);
    let (yes, no) = (say("contractor-yes"), say("contractor-no"));
    let (mut asked, mut told): (Vec<String>, HashMap<String, Vec<String>>) = (Vec::new(), HashMap::new());
    for answers in answers.iter().filter_map(serde_json::Value::as_object) {
        for (question, answer) in category.questions.told(answers, locale, (&yes, &no)) {
            let known = told.entry(question.clone()).or_insert_with(|| {
                asked.push(question);
                Vec::new()
            });
            if !known.contains(&answer) {
                known.push(answer);
            }
        }
    }
    let joined = |question: String| {
        let answers = told.get(&question).map(|answers| answers.join(" / "));
        (question, answers.unwrap_or_default())
    };
    asked.into_iter().map(joined).collect()
}
