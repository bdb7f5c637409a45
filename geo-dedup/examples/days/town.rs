//! The invented town as geo-dedup sees it: policies, reports in the order of arrival, repairs.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
};

use geo_dedup::{
    Address, AlertId, Candidate, CandidateState, CategoryId, Context, Decision, Index, LonLat, Metres, Observation,
    PAST_AROUND, PAST_DAYS, PAST_HERE, PhotoHash, Policy, ReportId, SenderTag, TextPrint, Timestamp, WeightSet,
};
use vigie_fixtures::{Category, Days, SimReport, Town};

use crate::figures::{Figures, Placed};

/// Hashes of a report's photos, by its id.
pub type Photos = HashMap<uuid::Uuid, Vec<PhotoHash>>;

/// Which kind of the weight set a category of the catalogue is.
fn kind(code: &str) -> &str {
    match code {
        "nid-de-poule" => "pothole",
        "trottoir" => "sidewalk",
        "panneau" | "feu-tricolore" => "sign",
        "lampadaire" => "street_light",
        "arbre" => "tree",
        "vehicule-abandonne" | "trottinette" => "vehicle",
        "tag" => "graffiti",
        "depot-sauvage" | "corbeille" => "waste",
        _ => "",
    }
}

/// What a run may do without, as if no report had it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    Photos,
    Text,
    Address,
    Sender,
    /// Positions are then judged as those of addresses are.
    Accuracy,
    /// Phones then all state [`ALIKE_M`], whatever they know.
    OwnAccuracy,
}

/// What all phones state where none states its own accuracy, in metres.
pub const ALIKE_M: f64 = 12.0;

pub struct Rules<'a> {
    categories: HashMap<&'a str, CategoryId>,
    policies: HashMap<CategoryId, Policy>,
    photos: &'a Photos,
    without: Option<Statement>,
    answered: bool,
}

impl<'a> Rules<'a> {
    /// The catalogue's rules; reports join from `join` where it is given, and from the catalogue's threshold otherwise.
    pub fn new(
        town: &'a Town,
        weights: &WeightSet,
        join: Option<f64>,
        photos: &'a Photos,
        (without, answered): (Option<Statement>, bool),
    ) -> Result<Self, Box<dyn Error>> {
        let codes = (1..).zip(&town.categories);
        let categories: HashMap<&str, CategoryId> = codes
            .map(|(number, category)| (category.code.as_str(), CategoryId(number)))
            .collect();
        let mut policies = HashMap::new();
        for category in &town.categories {
            policies.insert(
                categories[category.code.as_str()],
                policy(category, weights, join, &categories)?,
            );
        }
        Ok(Self {
            categories,
            policies,
            photos,
            without,
            answered,
        })
    }
}

fn policy(
    category: &Category,
    weights: &WeightSet,
    join: Option<f64>,
    numbers: &HashMap<&str, CategoryId>,
) -> Result<Policy, Box<dyn Error>> {
    let rules = &category.dedup;
    let mut builder = Policy::builder()
        .version(rules.version)
        .weights(weights.of(kind(&category.code)).clone())
        .radius_m(rules.radius_m)
        .life_days(rules.life_days)
        .span_m(rules.span_m)
        .join_threshold(join.unwrap_or(rules.join_threshold))
        .suggest_threshold(rules.suggest_threshold)
        .worst_accuracy_m(rules.worst_accuracy_m)
        .default_point_limit(rules.default_point_limit)
        .recurrence_days(f64::from(rules.recurrence_days))
        .rejected_days(f64::from(rules.rejected_days))
        .joins_silently(rules.joins_silently);
    for other in &rules.compatible {
        builder = builder.compatible(numbers[other.code.as_str()], other.weight);
    }
    Ok(builder.build()?)
}

/// Places a stream's reports, one after the other.
pub struct Settler<'a> {
    rules: &'a Rules<'a>,
    days: &'a Days,
    index: Index,
    /// What each alert was opened for.
    about: HashMap<AlertId, u32>,
    repairs: BTreeMap<Timestamp, Vec<AlertId>>,
    fixed: HashMap<u32, Timestamp>,
    past: Vec<(LonLat, CategoryId, Timestamp)>,
}

impl<'a> Settler<'a> {
    pub fn new(rules: &'a Rules<'a>, days: &'a Days) -> Self {
        let fixed = days.problems.iter().filter_map(|problem| {
            let at = problem.fixed_at?.timestamp_millis();
            Some((problem.id, Timestamp(at)))
        });
        Self {
            rules,
            days,
            index: Index::default(),
            about: HashMap::new(),
            repairs: BTreeMap::new(),
            fixed: fixed.collect(),
            past: Vec::new(),
        }
    }

    pub fn live(mut self, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
        let mut placed = Vec::with_capacity(self.days.reports.len());
        for (number, report) in (1..).zip(&self.days.reports) {
            let problem = report.truth.problem;
            let AlertId(alert) = self.place(report, number, figures)?;
            placed.push(Placed { problem, alert });
        }
        figures.add(&placed);
        Ok(())
    }

    /// The alert that the report comes to belong to.
    fn place(&mut self, report: &SimReport, number: u128, figures: &mut Figures) -> Result<AlertId, Box<dyn Error>> {
        let now = Timestamp(report.received_at.timestamp_millis());
        while let Some(due) = self.repairs.first_entry().filter(|due| *due.key() <= now) {
            let (at, alerts) = due.remove_entry();
            for alert in alerts {
                self.index.set_state(alert, CandidateState::Closed { at });
            }
        }
        let observation = self.observation(report)?;
        let policy = &self.rules.policies[&observation.category];
        let context = self.context(&observation, now, policy);
        let problem = report.truth.problem;
        let mine = |alert: &AlertId| self.about.get(alert) == Some(&problem);
        let outcome = self.index.decide(&observation, &context, policy);
        if let Some(likeliest) = outcome.scored.iter().find(|scored| scored.barrier.is_none()) {
            figures.note(likeliest.posterior, mine(&likeliest.alert));
        }
        let joined = match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => {
                figures.wrong_joins += f64::from(u8::from(!mine(&alert)));
                Some(alert)
            }
            Decision::Suggest { alerts } => {
                let right = alerts.into_iter().find(mine);
                figures.asked += 1.0;
                figures.asked_rightly += f64::from(u8::from(right.is_some()));
                right.filter(|_| self.rules.answered)
            }
            Decision::Open => None,
        };
        self.past
            .push((observation.point, observation.category, observation.observed_at));
        let member = observation.into_member(ReportId(number));
        if let Some(alert) = joined {
            self.index.join(alert, member);
            return Ok(alert);
        }
        let id = AlertId(number);
        self.index.insert(Candidate::opened_by(id, member));
        self.about.insert(id, problem);
        if let Some(at) = self.fixed.get(&problem) {
            // What is reported after the repair (sent late) is closed as soon as a crew has looked.
            self.repairs.entry((*at).max(now)).or_default().push(id);
        }
        Ok(id)
    }

    fn observation(&self, report: &SimReport) -> Result<Observation, Box<dyn Error>> {
        let [lon, lat] = report.position;
        let seen = Timestamp(report.observed_at.timestamp_millis());
        let category = self.rules.categories[report.category.as_str()];
        let said = |statement| self.rules.without != Some(statement);
        let accuracy = report.accuracy_m.filter(|_| said(Statement::Accuracy));
        let accuracy = accuracy.map(|own| if said(Statement::OwnAccuracy) { own } else { ALIKE_M });
        let address = report.address.as_deref().filter(|_| said(Statement::Address));
        let text = report.description.as_deref().filter(|_| said(Statement::Text));
        let photos = self.rules.photos.get(&report.id).filter(|_| said(Statement::Photos));
        Ok(Observation {
            accuracy: accuracy.map(Metres::new).transpose()?,
            address: address.map(Address::parse),
            text: text.map(TextPrint::of),
            photo_hashes: photos.cloned().unwrap_or_default(),
            sender: said(Statement::Sender).then_some(SenderTag(report.sender)),
            ..Observation::new(LonLat::new(lon, lat)?, category, seen)
        })
    }

    fn context(&self, observation: &Observation, now: Timestamp, policy: &Policy) -> Context {
        let (mut here, mut around, mut exact) = (0, 0, 0);
        for (point, category, at) in &self.past {
            let distance = observation.point.distance(point);
            if distance <= PAST_AROUND {
                exact += u32::from(*point == observation.point);
                let related = policy.compatibility(observation.category, *category) > 0.0;
                if related && PAST_DAYS.contains(&observation.observed_at.days_since(*at)) {
                    around += 1;
                    here += u32::from(distance <= PAST_HERE);
                }
            }
        }
        Context {
            past_here: Some(here),
            past_around: Some(around),
            at_exact_point: exact,
            ..Context::at(now)
        }
    }
}
