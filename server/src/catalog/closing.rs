//! What a category demands before its alerts count as done.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Who closes towards residents, by category.
    CloseBy {
        /// The crew's word is enough: done is delivered at once.
        Crew = "crew",
        /// The service's secretariat looks at it first.
        Secretariat = "secretariat",
    }
}

/// What a category demands of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryRules {
    /// Who closes towards residents.
    pub close_by: CloseBy,
    /// Whether finishing needs a photo of the repair.
    pub proof_photo_required: bool,
}
