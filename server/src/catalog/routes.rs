//! The town's routing rules and the category tree they speak of; `flow::dispatch::routing` applies them.

use uuid::Uuid;

use super::time_window::TimeWindow;

/// One of the town's rules. What it leaves out applies to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingRule {
    /// Identity, shown as the reason for a route.
    pub id: Uuid,
    /// A category, or a group and everything below it.
    pub category: Option<Uuid>,
    /// A sector.
    pub sector: Option<Uuid>,
    /// Hours by the town's wall clock.
    pub hours: Option<TimeWindow>,
    /// Between equally specific rules the higher wins.
    pub rank: i32,
    /// Outside body that the alert is handed over to; none: the town keeps it.
    pub body: Option<Uuid>,
    /// Whether that body has a zone: the rule applies only inside it.
    pub inside_zone: bool,
    /// Service in charge; none: the category's own.
    pub service: Option<Uuid>,
    /// Crew proposed at dispatch.
    pub crew: Option<Uuid>,
}

/// A node of the category tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryNode {
    /// Identity.
    pub id: Uuid,
    /// The service in charge of it, when it names one.
    pub service: Option<Uuid>,
}
