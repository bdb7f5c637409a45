//! A town that lives a stream: it holds what a server's tables would hold, and decides report by report.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
};

use geo_dedup::{
    AlertId, Candidate, CandidateState, CategoryId, Context, Decision, Index, LonLat, Policy, ReportId, Timestamp,
    WeightSet,
};

use super::{City, History, Report};

pub struct Town<'a> {
    reports: &'a [Report],
    /// By category: all of one family are compatible.
    policies: Vec<Policy>,
    alerts: Index,
    /// When alerts will be closed: a report is never placed by it before.
    closures: BTreeMap<Timestamp, Vec<AlertId>>,
    reports_by_place: History,
    exact: HashMap<(u64, u64), u32>,
}

impl<'a> Town<'a> {
    /// A town without alerts, that knows the city's categories and will receive the reports in their order.
    pub fn new(city: &City, reports: &'a [Report], weights: &WeightSet) -> Result<Self, Box<dyn Error>> {
        let policies = city.family_of.iter().enumerate().map(|(own, family)| {
            let weights = weights.of(city.kind(*family)).clone();
            let weight = weights.related_category;
            let all = (0_i64..).zip(&city.family_of).enumerate();
            let others = all.filter(|(other, (_, theirs))| *other != own && *theirs == family);
            let builder = others.fold(Policy::builder().weights(weights), |policy, (_, (other, _))| {
                policy.compatible(CategoryId(other), weight)
            });
            builder.build()
        });
        Ok(Self {
            reports,
            policies: policies.collect::<Result<_, _>>()?,
            alerts: Index::default(),
            closures: BTreeMap::new(),
            reports_by_place: History::default(),
            exact: HashMap::new(),
        })
    }

    /// Places all reports; returns for each the number of the report that opened its alert.
    pub fn live(mut self) -> Result<Vec<usize>, Box<dyn Error>> {
        let placed = self.reports.iter().enumerate();
        placed.map(|(number, report)| self.take(report, number)).collect()
    }

    /// An alert bears the number of the report that opened it.
    fn take(&mut self, report: &Report, number: usize) -> Result<usize, Box<dyn Error>> {
        let observation = &report.observation;
        self.pass(observation.observed_at);
        let category = usize::try_from(observation.category.0)?;
        let policy = self.policies.get(category).ok_or("no policy")?;
        let outcome = self.alerts.decide(observation, &self.context(report), policy);
        let member = observation.clone().into_member(ReportId(u128::try_from(number)?));
        let opener = match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => {
                self.alerts.join(alert, member);
                usize::try_from(alert.0)?
            }
            Decision::Open | Decision::Suggest { .. } => {
                self.alerts.insert(Candidate::opened_by(id(number)?, member));
                if let Some(at) = report.closed {
                    self.closures.entry(at).or_default().push(id(number)?);
                }
                number
            }
        };
        self.reports_by_place.add(&observation.point, number);
        *self.exact.entry(exact(&observation.point)).or_default() += 1;
        Ok(opener)
    }

    fn context(&self, report: &Report) -> Context {
        let (here, around) = self.reports_by_place.past(report, self.reports);
        let exact = self.exact.get(&exact(&report.observation.point));
        Context {
            past_here: Some(here),
            past_around: Some(around),
            at_exact_point: exact.copied().unwrap_or(0),
            ..Context::at(report.observation.observed_at)
        }
    }

    /// Closes what was closed by now.
    fn pass(&mut self, now: Timestamp) {
        while let Some(due) = self.closures.first_entry().filter(|due| *due.key() <= now) {
            let (at, alerts) = due.remove_entry();
            for alert in alerts {
                self.alerts.set_state(alert, CandidateState::Closed { at });
            }
        }
    }
}

fn id(number: usize) -> Result<AlertId, Box<dyn Error>> {
    Ok(AlertId(u128::try_from(number)?))
}

fn exact(point: &LonLat) -> (u64, u64) {
    (point.lon().to_bits(), point.lat().to_bits())
}
