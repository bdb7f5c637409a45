//! The messages there are, and who hears them.

use crate::flow::status::vocabulary::PublicStatus;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A message. Its words are the texts `message-<template>-...`.
    Template {
        /// The report has arrived: the legal acknowledgement (CRPA R112-11-1).
        Acknowledgement = "acknowledgement",
        /// A service has settled what it is.
        Qualified = "qualified",
        /// A crew has it.
        Dispatched = "dispatched",
        /// A date is set.
        Planned = "planned",
        /// Work has begun.
        InProgress = "in_progress",
        /// It waits, with the reason.
        OnHold = "on_hold",
        /// No danger any more; not repaired.
        MadeSafe = "made_safe",
        /// Repaired.
        Resolved = "resolved",
        /// Refused, with the reason.
        Rejected = "rejected",
        /// An outside body has it.
        Transferred = "transferred",
        /// The town has it again.
        TakenBack = "taken_back",
        /// Somebody says that it is still there.
        Reopened = "reopened",
        /// The expected date will not be kept.
        Slipped = "slipped",
        /// A photo could not be used.
        PhotoRefused = "photo_refused",
        /// The report came after the repair, but was observed before.
        LateEvidence = "late_evidence",
        /// The report is followed together with others now.
        Merged = "merged",
        /// The report is followed apart now.
        Separated = "separated",
        /// The report is followed in another case now.
        Moved = "moved",
        /// To a service: a new alert.
        ServiceNewAlert = "service_new_alert",
        /// To a service: the new alerts of the day, in one mail.
        ServiceDigest = "service_digest",
        /// To a service: a danger, or a higher severity.
        ServiceRaisedSeverity = "service_raised_severity",
        /// To a service: somebody reminds it.
        ServiceReminder = "service_reminder",
        /// To a service: an alert was taken back from it.
        ServiceTakenBack = "service_taken_back",
        /// To the supervisors: a service let a deadline pass.
        SupervisorDeadline = "supervisor_deadline",
        /// To the supervisors: nobody of the on-call chain answered.
        OnCallUnanswered = "on_call_unanswered",
        /// To whoever is on call.
        OnCall = "on_call",
        /// To an outside body: the hand-over sheet.
        HandOver = "hand_over",
    }
}

impl Template {
    /// Whether residents hear it at all. Settling category and service changes nothing for them: they hear when somebody
    /// has it.
    #[must_use]
    pub const fn for_residents(self) -> bool {
        match self {
            Self::Acknowledgement
            | Self::Dispatched
            | Self::Planned
            | Self::InProgress
            | Self::OnHold
            | Self::MadeSafe
            | Self::Resolved
            | Self::Rejected
            | Self::Transferred
            | Self::TakenBack
            | Self::Reopened
            | Self::Slipped
            | Self::PhotoRefused
            | Self::LateEvidence
            | Self::Merged
            | Self::Separated
            | Self::Moved => true,
            Self::Qualified
            | Self::ServiceNewAlert
            | Self::ServiceDigest
            | Self::ServiceRaisedSeverity
            | Self::ServiceReminder
            | Self::ServiceTakenBack
            | Self::SupervisorDeadline
            | Self::OnCallUnanswered
            | Self::OnCall
            | Self::HandOver => false,
        }
    }

    /// Whether it acknowledges a report, with all that the law wants said.
    #[must_use]
    pub const fn acknowledges(self) -> bool {
        matches!(self, Self::Acknowledgement | Self::LateEvidence)
    }

    /// Whether its reader is to answer it; nobody reads answers to the others.
    #[must_use]
    pub const fn wants_answer(self) -> bool {
        matches!(self, Self::HandOver)
    }

    /// The public status that a resident reads from it, if it is about one.
    #[must_use]
    pub const fn public_status(self) -> Option<PublicStatus> {
        match self {
            Self::Acknowledgement | Self::TakenBack | Self::Reopened => Some(PublicStatus::Received),
            Self::Qualified | Self::Dispatched => Some(PublicStatus::InCharge),
            Self::Planned => Some(PublicStatus::Planned),
            Self::InProgress => Some(PublicStatus::InProgress),
            Self::OnHold => Some(PublicStatus::OnHold),
            Self::MadeSafe => Some(PublicStatus::MadeSafe),
            Self::Resolved | Self::LateEvidence => Some(PublicStatus::Fixed),
            Self::Rejected => Some(PublicStatus::Refused),
            Self::Transferred => Some(PublicStatus::Transferred),
            _ => None,
        }
    }

    /// Its name in the ids of texts, which have no underscores.
    #[must_use]
    pub fn text_name(self) -> String {
        self.as_str().replace('_', "-")
    }
}
