//! Which message: the closed list of what Vigie says to people.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a message is about.
    Template {
        /// Of one report.
        Acknowledgement = "acknowledgement",
        /// A service has it.
        Qualified = "qualified",
        /// A crew has it.
        Dispatched = "dispatched",
        /// A date is set.
        Planned = "planned",
        /// Work goes on.
        InProgress = "in_progress",
        /// It waits.
        OnHold = "on_hold",
        /// No danger any more.
        MadeSafe = "made_safe",
        /// Repaired.
        Resolved = "resolved",
        /// Refused.
        Rejected = "rejected",
        /// Another body has it.
        Transferred = "transferred",
        /// The town has it again.
        TakenBack = "taken_back",
        /// It is looked at again.
        Reopened = "reopened",
        /// Later than what was told.
        Slipped = "slipped",
    }
}
