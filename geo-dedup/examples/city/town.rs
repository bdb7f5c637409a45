//! A town that lives a stream: it holds what a server's tables would hold, and decides report by report.

use std::{collections::HashMap, error::Error};

use geo_dedup::{
    AlertId, Candidate, CandidateState, CategoryId, Context, Decision, LonLat, Metres, Observation, Policy, ReportId,
    WeightSet, decide,
};

use super::{City, History, Report};

pub struct Town<'a> {
    reports: &'a [Report],
    /// By category: all of one family are compatible.
    policies: Vec<Policy>,
    alerts: Vec<Candidate>,
    alerts_by_place: History,
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
            alerts: Vec::new(),
            alerts_by_place: History::default(),
            reports_by_place: History::default(),
            exact: HashMap::new(),
        })
    }

    /// Places all reports; returns for each the number of the report that opened its alert.
    pub fn live(mut self) -> Result<Vec<usize>, Box<dyn Error>> {
        let placed = self.reports.iter().enumerate();
        placed.map(|(number, report)| self.take(report, number)).collect()
    }

    fn take(&mut self, report: &Report, number: usize) -> Result<usize, Box<dyn Error>> {
        let observation = &report.observation;
        let category = usize::try_from(observation.category.0)?;
        let policy = self.policies.get(category).ok_or("no policy")?;
        let context = self.context(report);
        let candidates = self.candidates(observation, policy);
        let outcome = decide(observation, &candidates, &context, policy);
        let alert = match outcome.decision {
            Decision::Join { alert } | Decision::LateEvidence { alert } => usize::try_from(alert.0)?,
            Decision::Open | Decision::Suggest { .. } => self.open(report)?,
        };
        self.reports_by_place.add(&observation.point, number);
        *self.exact.entry(exact(&observation.point)).or_default() += 1;
        let joined = self.alerts.get_mut(alert).ok_or("no such alert")?;
        joined.reports += 1;
        joined.extent = joined.extent.max(observation.point.distance(&joined.anchor));
        let member = observation.clone().into_member(ReportId(u128::try_from(number)?));
        joined.members.push(member);
        let opener = joined.members.first().ok_or("an alert has a report")?;
        Ok(usize::try_from(opener.report.0)?)
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

    fn candidates(&self, observation: &Observation, policy: &Policy) -> Vec<Candidate> {
        let radius = policy.search_radius(observation);
        let near = self.alerts_by_place.near(&observation.point, radius);
        let open_now = |candidate: &Candidate| match candidate.state {
            CandidateState::Closed { at } if at > observation.observed_at => Candidate {
                state: CandidateState::Open,
                ..candidate.clone()
            },
            _ => candidate.clone(),
        };
        near.iter()
            .filter_map(|number| self.alerts.get(*number))
            .filter(|alert| policy.compatibility(observation.category, alert.category) > 0.0)
            .filter(|alert| alert.anchor.distance(&observation.point) <= radius)
            .map(open_now)
            .collect()
    }

    fn open(&mut self, report: &Report) -> Result<usize, Box<dyn Error>> {
        let observation = &report.observation;
        let alert = self.alerts.len();
        self.alerts.push(Candidate {
            id: AlertId(u128::try_from(alert)?),
            category: observation.category,
            anchor: observation.point,
            extent: Metres::ZERO,
            state: report
                .closed
                .map_or(CandidateState::Open, |at| CandidateState::Closed { at }),
            opened_at: observation.observed_at,
            reports: 0,
            members: Vec::new(),
        });
        self.alerts_by_place.add(&observation.point, alert);
        Ok(alert)
    }
}

fn exact(point: &LonLat) -> (u64, u64) {
    (point.lon().to_bits(), point.lat().to_bits())
}
