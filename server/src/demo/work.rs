//! The town at work: each deed by the command that the API uses for it, at the deed's own time.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;
use vigie_fixtures as invented;

use super::cast::Cast;
use super::deeds::{Deed, What};
use super::photos;
use crate::app::App;
use crate::catalog::model::Town;
use crate::db::Tx;
use crate::db::space::from_point;
use crate::flow::alert::model::Alert;
use crate::flow::alert::queries::lock;
use crate::flow::dispatch::act::{Action, Done, act, proofs};
use crate::flow::dispatch::give::{Order, dispatch};
use crate::flow::dispatch::model::Answer;
use crate::flow::dispatch::queries::live_task;
use crate::flow::dispatch::{hand_over, routing::route_in};
use crate::flow::photo::model::{Received, Subject};
use crate::flow::photo::queries::claim;
use crate::flow::photo::receive::attach;
use crate::flow::status::advance::advance;
use crate::flow::status::event::{By, Details, Material};
use crate::flow::status::machine::Given;
use crate::flow::status::queries::is_replay;
use crate::flow::status::triage::{Qualification, qualify};
use crate::flow::status::vocabulary::{HoldReason, Step};
use crate::http::problem::{Kind, Problem};

/// Crews are on the way and on the spot a while before they begin to repair.
const CREW_COMES: TimeDelta = TimeDelta::minutes(5);

/// Does deeds.
pub struct Work<'a> {
    /// The application.
    pub app: &'a App,
    /// The town as set up.
    pub town: Arc<Town>,
    /// Who does it.
    pub cast: Cast,
    /// What was done before this instant is history: nobody is told.
    pub told_since: DateTime<Utc>,
    /// A street with nothing wrong, for categories that demand a photo of the repair; stored once.
    repaired: Received,
}

/// One deed with what it needs.
struct At<'a> {
    work: &'a Work<'a>,
    deed: &'a Deed,
    historic: bool,
}

impl<'a> Work<'a> {
    /// Gets ready.
    ///
    /// # Errors
    /// When the photo of a repair cannot be made or stored.
    pub async fn prepare(app: &'a App, town: Arc<Town>, cast: Cast, told_since: DateTime<Utc>) -> anyhow::Result<Self> {
        let repaired = photos::of_a_repair(app, town.id).await?;
        Ok(Self {
            app,
            town,
            cast,
            told_since,
            repaired,
        })
    }

    /// Does a deed, unless it was done before. What is no longer possible when its time comes is left undone, as in any
    /// town: people get in each other's way.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn perform(&self, deed: &Deed) -> Result<(), Problem> {
        let mut tx = self.app.db.begin(self.town.id).await?;
        let mut alert = lock(&mut tx, deed.alert).await?;
        let at = At {
            work: self,
            deed,
            historic: deed.at < self.told_since,
        };
        if is_replay(&mut tx, deed.id(""), deed.alert.as_bytes()).await? {
            return Ok(());
        }
        match at.perform(&mut tx, &mut alert).await {
            Ok(()) => tx.commit().await,
            Err(problem) if matches!(problem.kind, Kind::IllegalStep | Kind::Conflict) => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}

impl At<'_> {
    async fn perform(&self, tx: &mut Tx, alert: &mut Alert) -> Result<(), Problem> {
        match &self.deed.what {
            What::HandOver(body) => {
                let (by, now) = (self.system("route"), self.deed.at);
                hand_over::send(tx, &self.work.town, alert, *body, None, by, now).await?;
            }
            What::BodyAccepts(reference) => self.body_answers(tx, alert, Answer::Accepted, Some(reference)).await?,
            What::BodyDeclines => self.body_answers(tx, alert, Answer::Refused, None).await?,
            What::BodyRepairs | What::Check => self.step(tx, alert, Step::Deliver, self.given()).await?,
            What::TakeUp(planned_on) => self.take_up(tx, alert, *planned_on).await?,
            What::Refuse(why) => {
                let given = Given {
                    reason: Some(why),
                    ..self.given()
                };
                self.step(tx, alert, Step::Reject, given).await?;
            }
            What::MakeSafe => {
                self.crew_acts(tx, alert, Action::MadeSafe, self.deed.at, "", None, &[])
                    .await?;
            }
            What::Wait(wait) => {
                let given = Given {
                    hold_reason: Some(waits_for(wait.waits_for)),
                    review_date: Some(wait.review_on),
                    ..self.given()
                };
                self.step(tx, alert, Step::Hold, given).await?;
            }
            What::Repair { minutes, used } => self.repair(tx, alert, *minutes, used).await?,
            What::FindNothing(why) => self.find_nothing(tx, alert, why).await?,
        }
        Ok(())
    }

    /// The local day of the deed.
    fn today(&self) -> NaiveDate {
        self.work.town.day_at(self.deed.at)
    }

    fn given(&self) -> Given<'static> {
        Given::on(self.today())
    }

    fn details(&self, id: Uuid) -> Details<'_> {
        Details {
            id: Some(id),
            request_hash: Some(self.deed.alert.as_bytes()),
            ..Details::default()
        }
    }

    fn system(&self, action: &'static str) -> By<'_> {
        By {
            historic: self.historic,
            ..By::system(action)
        }
        .with(self.details(self.deed.id("")))
    }

    /// The secretariat of the service that has the alert.
    fn secretariat(&self, alert: &Alert, action: &'static str) -> By<'_> {
        self.work.cast.secretariat(alert.service_id).by(action, self.historic)
    }

    async fn step(&self, tx: &mut Tx, alert: &mut Alert, step: Step, given: Given<'_>) -> Result<(), Problem> {
        let by = self
            .secretariat(alert, "take_step")
            .with(self.details(self.deed.id("")));
        advance(tx, &self.work.town, alert, step, given, by, self.deed.at).await?;
        Ok(())
    }

    async fn body_answers(
        &self,
        tx: &mut Tx,
        alert: &mut Alert,
        answer: Answer,
        reference: Option<&str>,
    ) -> Result<(), Problem> {
        let word = hand_over::Word {
            answer,
            reference,
            note: (answer == Answer::Refused).then_some("Ce n'est pas notre domaine."),
        };
        let by = self
            .secretariat(alert, "answer_hand_over")
            .with(self.details(self.deed.id("")));
        hand_over::answer(tx, &self.work.town, alert, word, by, self.deed.at).await?;
        Ok(())
    }

    /// Settled by the secretariat and given to the crew that the routing proposes, or to the service's first.
    async fn take_up(&self, tx: &mut Tx, alert: &mut Alert, planned_on: Option<NaiveDate>) -> Result<(), Problem> {
        let town = &self.work.town;
        let by = self
            .secretariat(alert, "qualify_alert")
            .with(self.details(self.deed.id("")));
        qualify(tx, town, alert, Qualification::default(), by, self.deed.at).await?;
        let place = from_point(&alert.anchor).map_err(Problem::internal)?;
        let proposed = route_in(town, alert.category_id, place, self.deed.at).crew;
        let own = town.crews.values().filter(|crew| crew.service_id == alert.service_id);
        let first = own.min_by(|one, other| one.code.cmp(&other.code));
        let Some(crew_id) = proposed.or(first.map(|crew| crew.id)) else {
            return Ok(());
        };
        let order = Order {
            crew_id,
            planned_on: planned_on.filter(|day| *day >= self.today()),
            shift: None,
            instructions: None,
        };
        let by = self.secretariat(alert, "dispatch_alert");
        dispatch(tx, town, alert, order, by, self.deed.at).await?;
        Ok(())
    }

    async fn repair(
        &self,
        tx: &mut Tx,
        alert: &mut Alert,
        minutes: u32,
        used: &[invented::Used],
    ) -> Result<(), Problem> {
        let town = &self.work.town;
        let began = self.deed.began_at(minutes);
        self.crew_acts(tx, alert, Action::Start, began, "start", None, &[])
            .await?;
        let category = town.category_by_id(alert.category_id);
        if category.is_some_and(|category| category.rules.proof_photo_required) && !self.historic {
            let by = alert.crew_id.map(|crew| self.work.cast.crew(crew).user);
            let subject = Subject::Alert(alert.id);
            let proof = attach(tx, town.id, subject, None, by, &self.work.repaired, self.deed.at).await?;
            claim(tx, town.id, self.deed.id(""), &[proof.photo.id]).await?;
        }
        let material: Vec<Material> = used
            .iter()
            .map(|used| Material {
                name: used.name.to_owned(),
                quantity: used.quantity,
                unit: Some(used.unit.to_owned()),
            })
            .collect();
        let minutes = i32::try_from(minutes).ok();
        if self.historic {
            return self.finish(tx, alert, minutes, &material).await;
        }
        self.crew_acts(tx, alert, Action::Done, self.deed.at, "", minutes, &material)
            .await
    }

    /// The end of a repair of long ago: there was a photo of it, whose files are gone by now.
    async fn finish(
        &self,
        tx: &mut Tx,
        alert: &mut Alert,
        minutes: Option<i32>,
        material: &[Material],
    ) -> Result<(), Problem> {
        let given = Given {
            proof_photos: 1,
            ..self.given()
        };
        let details = Details {
            minutes,
            material,
            ..self.details(self.deed.id(""))
        };
        let crew = alert.crew_id.ok_or_else(|| Problem::new(Kind::Conflict))?;
        let by = self.work.cast.crew(crew).by("act_on_task", true).with(details);
        advance(tx, &self.work.town, alert, Step::Finish, given, by, self.deed.at).await?;
        Ok(())
    }

    async fn find_nothing(&self, tx: &mut Tx, alert: &mut Alert, why: &str) -> Result<(), Problem> {
        let there = self.deed.at - CREW_COMES;
        self.crew_acts(tx, alert, Action::NotFound, there, "not_found", None, &[])
            .await?;
        let given = Given {
            reason: Some(why),
            ..self.given()
        };
        self.step(tx, alert, Step::Reject, given).await
    }

    /// By the crew that has the alert, on its task.
    #[expect(clippy::too_many_arguments, reason = "each is a plain field of the crew's action")]
    async fn crew_acts(
        &self,
        tx: &mut Tx,
        alert: &mut Alert,
        action: Action,
        at: DateTime<Utc>,
        part: &str,
        minutes: Option<i32>,
        material: &[Material],
    ) -> Result<(), Problem> {
        let task = live_task(tx, alert.id).await?;
        let task = task.ok_or_else(|| Problem::new(Kind::Conflict))?;
        let done = Done {
            id: self.deed.id(part),
            request_hash: self.deed.alert.as_bytes(),
            action,
            client_at: at,
            place: None,
            reason: None,
            review_date: None,
            note: None,
            public_note: None,
            minutes,
            material,
            proof_photos: proofs(tx, alert, self.deed.id(part), &[]).await?,
            reported_since: false,
        };
        let by = self.work.cast.crew(task.crew_id).by("act_on_task", self.historic);
        act(tx, &self.work.town, alert, &task, &done, by, at).await?;
        Ok(())
    }
}

const fn waits_for(what: invented::WaitsFor) -> HoldReason {
    match what {
        invented::WaitsFor::Material => HoldReason::Material,
        invented::WaitsFor::Weather => HoldReason::Weather,
        invented::WaitsFor::Contractor => HoldReason::Contractor,
        invented::WaitsFor::Budget => HoldReason::Budget,
    }
}
