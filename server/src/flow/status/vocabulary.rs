//! The words of an alert's life: its status, the steps that move it, why it waits, and what the public is told.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Where an alert stands.
    Status {
        /// Nobody has taken it yet, for the first time or again after it came back.
        New = "new",
        /// Category, priority and service are settled; it waits in the service's queue for a crew.
        Qualified = "qualified",
        /// A crew has it, without a date.
        Dispatched = "dispatched",
        /// A crew has it, with a date.
        Planned = "planned",
        /// A crew is at work on it.
        InProgress = "in_progress",
        /// It waits for something, with a reason and a date to look at it again.
        OnHold = "on_hold",
        /// The danger is removed, the repair is still due.
        MadeSafe = "made_safe",
        /// The crew says it is repaired; nobody outside has been told.
        Done = "done",
        /// Repaired, and said so to everyone who reported it.
        Resolved = "resolved",
        /// Refused, with a reason.
        Rejected = "rejected",
        /// An outside body has it.
        Transferred = "transferred",
        /// It was closed and somebody says it is still there.
        Reopened = "reopened",
    }
}

vocabulary! {
    /// What people do to an alert.
    Step {
        /// Settles category, priority and service.
        Qualify = "qualify",
        /// Gives it to a crew, or to another one.
        Dispatch = "dispatch",
        /// Sets the date, or another one.
        Plan = "plan",
        /// The crew begins, or goes on.
        Start = "start",
        /// The crew stops before the end.
        Pause = "pause",
        /// Puts it on hold, or prolongs the hold.
        Hold = "hold",
        /// Ends the hold.
        Resume = "resume",
        /// The crew removed the danger, not the defect.
        MakeSafe = "make_safe",
        /// The crew repaired it.
        Finish = "finish",
        /// Tells residents that it is repaired.
        Deliver = "deliver",
        /// Refuses it.
        Reject = "reject",
        /// Hands it to an outside body.
        Transfer = "transfer",
        /// Takes it back from a service, a crew or an outside body.
        TakeBack = "take_back",
        /// The crew was there and saw nothing.
        NotFound = "not_found",
        /// The crew was there: somebody else's job.
        NotOurs = "not_ours",
        /// The crew cannot go on without material.
        NeedMaterial = "need_material",
        /// Somebody saw a danger.
        Dangerous = "dangerous",
        /// Somebody says that it is still there.
        Reopen = "reopen",
    }
}

vocabulary! {
    /// What an alert on hold waits for.
    HoldReason {
        /// A part or a material.
        Material = "material",
        /// The weather.
        Weather = "weather",
        /// A contractor.
        Contractor = "contractor",
        /// Money.
        Budget = "budget",
        /// The work or the word of another body.
        OtherBody = "other_body",
    }
}

vocabulary! {
    /// The three parts of the work on a request; each has an owner and times of its own.
    Phase {
        /// What is it, and whose is it?
        Qualification = "qualification",
        /// Somebody has it and repairs it, or waits to.
        Treatment = "treatment",
        /// The answer to residents.
        Delivery = "delivery",
    }
}

vocabulary! {
    /// Who has to move an alert on in a phase; routing says which desk, which service.
    PhaseOwner {
        /// The front desk that receives requests.
        FrontDesk = "front_desk",
        /// The service in charge, with its crews and contractors.
        Service = "service",
        /// The secretariat of that service, which answers.
        Secretariat = "secretariat",
    }
}

vocabulary! {
    /// The only words residents see. Small, and stable: apps and other towns' systems build on it.
    PublicStatus {
        /// It has arrived.
        Received = "received",
        /// A service has it.
        InCharge = "in_charge",
        /// A date is set.
        Planned = "planned",
        /// Work goes on, or its end is being checked.
        InProgress = "in_progress",
        /// It waits, and people are told for what.
        OnHold = "on_hold",
        /// No danger any more; not repaired.
        MadeSafe = "made_safe",
        /// Repaired.
        Fixed = "fixed",
        /// Refused, and people are told why.
        Refused = "refused",
        /// Another body has it, and people are told which.
        Transferred = "transferred",
    }
}

vocabulary! {
    /// Something a step cannot do without.
    Need {
        /// A reason in words.
        Reason = "reason",
        /// What the hold waits for.
        HoldReason = "hold_reason",
        /// The day to look at it again.
        ReviewDate = "review_date",
        /// The day of the work.
        PlannedDate = "planned_date",
        /// The body that gets it.
        OutsideBody = "outside_body",
        /// A photo of the repair, where the category demands one.
        ProofPhoto = "proof_photo",
    }
}

impl Status {
    /// The part of the work that this status belongs to.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::New | Self::Reopened => Phase::Qualification,
            Self::Qualified
            | Self::Dispatched
            | Self::Planned
            | Self::InProgress
            | Self::OnHold
            | Self::MadeSafe
            | Self::Transferred => Phase::Treatment,
            Self::Done | Self::Resolved | Self::Rejected => Phase::Delivery,
        }
    }

    /// What residents are told. `done` still shows as work going on, since it may be sent back before it is delivered; a
    /// reopened alert is received again, its history says the rest.
    #[must_use]
    pub const fn public_status(self) -> PublicStatus {
        match self {
            Self::New | Self::Reopened => PublicStatus::Received,
            Self::Qualified | Self::Dispatched => PublicStatus::InCharge,
            Self::Planned => PublicStatus::Planned,
            Self::InProgress | Self::Done => PublicStatus::InProgress,
            Self::OnHold => PublicStatus::OnHold,
            Self::MadeSafe => PublicStatus::MadeSafe,
            Self::Resolved => PublicStatus::Fixed,
            Self::Rejected => PublicStatus::Refused,
            Self::Transferred => PublicStatus::Transferred,
        }
    }

    /// Whether work or an answer is still due, which is also whether a new report of the same thing may join. `done` is
    /// open: residents have been told nothing yet, and a report that comes now is what the check before delivery needs.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Rejected)
    }
}

impl Phase {
    /// Who has to move the alert on.
    #[must_use]
    pub const fn owner(self) -> PhaseOwner {
        match self {
            Self::Qualification => PhaseOwner::FrontDesk,
            Self::Treatment => PhaseOwner::Service,
            Self::Delivery => PhaseOwner::Secretariat,
        }
    }
}

impl Step {
    /// Whether the step, without any change of status, puts the alert ahead of others.
    #[must_use]
    pub const fn raises_priority(self) -> bool {
        matches!(self, Self::Dangerous)
    }

    /// What an alert waits for after this step, when the step itself says it.
    #[must_use]
    pub const fn implied_hold_reason(self) -> Option<HoldReason> {
        match self {
            Self::NeedMaterial => Some(HoldReason::Material),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod tests;
