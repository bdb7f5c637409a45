//! The one pure policy: role x operation x scope. The whole table is [`reach`]; a test holds it against
//! `people/rights.md` and walks every operation of the API as every role.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit;
use crate::db::TownId;
use crate::http::problem::{Kind, Problem};
use crate::vocabulary::vocabulary;

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;

vocabulary! {
    /// What a person of the staff may be in a town.
    Role {
        /// Goes out.
        Crew = "crew",
        /// Takes calls and visitors.
        FrontDesk = "front_desk",
        /// A service's secretariat: its queue, its dispatch, its answers.
        Secretariat = "secretariat",
        /// Sees and decides all of a town, or of the services in scope.
        Supervisor = "supervisor",
        /// Sets the town up: people, catalogue.
        Admin = "admin",
        /// Reserved: an outside company with its own crews.
        Contractor = "contractor",
        /// Reserved: approves answers.
        Signatory = "signatory",
        /// Reserved: data-protection officer.
        Dpo = "dpo",
    }
}

/// A role held in a town, for a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Grant {
    /// Role.
    pub role: Role,
    /// Only this service; `None`: all.
    pub service_id: Option<Uuid>,
    /// Only this sector; `None`: all.
    pub sector_id: Option<Uuid>,
    /// The crew, for the role crew.
    pub crew_id: Option<Uuid>,
}

/// A person of the staff whose session and grants were read in this transaction.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Person.
    pub staff_user_id: Uuid,
    /// Session.
    pub session_id: Uuid,
    /// Tablet, when signed in by PIN.
    pub device_id: Option<Uuid>,
    /// Town of the session.
    pub town: TownId,
    /// What they may do there.
    pub grants: Vec<Grant>,
}

impl Staff {
    /// For the audit trail.
    #[must_use]
    pub const fn actor(&self) -> audit::Actor {
        audit::Actor::Staff {
            staff_user_id: self.staff_user_id,
            session_id: self.session_id,
        }
    }

    /// The crews that the person belongs to.
    #[must_use]
    pub fn crews(&self) -> Vec<Uuid> {
        self.grants
            .iter()
            .filter(|grant| grant.role == Role::Crew)
            .filter_map(|grant| grant.crew_id)
            .collect()
    }
}

vocabulary! {
    /// Everything a person of the staff can ask for; the API's operation ids map onto these.
    Operation {
        /// Read the queue, an alert, its reports and history.
        ReadAlert = "read_alert",
        /// Note that the service has looked at an alert: who only forwarded it cannot.
        SeeAlert = "see_alert",
        /// Take a report in for a caller or visitor.
        EnterReport = "enter_report",
        /// See the reports that were entered for others and remind the service.
        FollowEntered = "follow_entered",
        /// Take an alert back from its service.
        TakeBack = "take_back",
        /// Category, priority, service of an alert.
        Qualify = "qualify",
        /// Reject an alert with a reason.
        Reject = "reject",
        /// Give an alert to a crew, plan it, withdraw it.
        Dispatch = "dispatch",
        /// Give an alert to another service, with a reason.
        Assign = "assign",
        /// Hand an alert over to an outside body, note its answer.
        Transfer = "transfer",
        /// Put an alert on hold or resume it, from the desk.
        Hold = "hold",
        /// Tell residents the end, or reopen.
        Deliver = "deliver",
        /// Put a crew's day in order.
        PlanRound = "plan_round",
        /// A crew's tasks.
        ReadTasks = "read_tasks",
        /// A crew's actions on its tasks.
        ActOnTask = "act_on_task",
        /// Look at photos that are not public, send proof photos.
        HandlePhoto = "handle_photo",
        /// Release a photo to the public.
        ReleasePhoto = "release_photo",
        /// Read a reporter's contact data, with a purpose.
        RevealContact = "reveal_contact",
        /// Call list, print queue, dead letters.
        HandleMessages = "handle_messages",
        /// Enrol and revoke tablets, set PINs.
        ManageDevices = "manage_devices",
        /// People and their grants.
        ManagePeople = "manage_people",
        /// Categories, services, routing, policies.
        ManageCatalogue = "manage_catalogue",
        /// Merge, split, move, "not the same", and take each back.
        Regroup = "regroup",
        /// Orphans, deadlines, dead jobs.
        Oversee = "oversee",
    }
}

/// How far a role reaches in an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    No,
    /// What one did or was given oneself: own crew's alerts and tasks, own entries.
    Own,
    /// Inside the service and sector of the grant.
    Scope,
}

/// What an operation is about, as far as scope matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Service in charge.
    pub service_id: Option<Uuid>,
    /// Sector.
    pub sector_id: Option<Uuid>,
    /// Crew it was given to.
    pub crew_id: Option<Uuid>,
    /// Person who entered it.
    pub entered_by: Option<Uuid>,
}

/// The table: how far a role reaches in an operation.
#[must_use]
pub const fn reach(role: Role, operation: Operation) -> Reach {
    use Operation as Op;
    use Reach::{No, Own, Scope};
    match role {
        Role::Crew => match operation {
            Op::ReadAlert | Op::SeeAlert | Op::PlanRound | Op::ReadTasks | Op::ActOnTask | Op::HandlePhoto => Own,
            Op::EnterReport => Scope,
            _ => No,
        },
        Role::FrontDesk => match operation {
            Op::ReadAlert
            | Op::EnterReport
            | Op::FollowEntered
            | Op::TakeBack
            | Op::Assign
            | Op::HandleMessages
            | Op::RevealContact
            | Op::HandlePhoto => Scope,
            _ => No,
        },
        Role::Secretariat => match operation {
            Op::ReadAlert
            | Op::SeeAlert
            | Op::EnterReport
            | Op::Qualify
            | Op::Reject
            | Op::Dispatch
            | Op::Assign
            | Op::Transfer
            | Op::Hold
            | Op::Deliver
            | Op::PlanRound
            | Op::ReadTasks
            | Op::HandlePhoto
            | Op::ReleasePhoto
            | Op::RevealContact
            | Op::HandleMessages => Scope,
            Op::FollowEntered => Own,
            _ => No,
        },
        Role::Supervisor => match operation {
            Op::ManagePeople | Op::ManageCatalogue | Op::RevealContact => No,
            _ => Scope,
        },
        Role::Admin => match operation {
            Op::ManageDevices | Op::ManagePeople | Op::ManageCatalogue | Op::Oversee => Scope,
            _ => No,
        },
        Role::Contractor | Role::Signatory | Role::Dpo => No,
    }
}

/// Whether a person may do it to that target, and in which role.
///
/// # Errors
/// [`Kind::Forbidden`] when none of the person's roles reaches the operation at all, [`Kind::NotFound`] when one does, but
/// not this target: outside one's scope things do not exist.
pub fn permit(staff: &Staff, operation: Operation, target: &Target) -> Result<Role, Problem> {
    let reaching = || {
        staff
            .grants
            .iter()
            .filter(|grant| reach(grant.role, operation) != Reach::No)
    };
    if reaching().next().is_none() {
        return Err(Problem::new(Kind::Forbidden));
    }
    let found = reaching().find(|grant| covers(staff, grant, reach(grant.role, operation), target));
    found
        .map(|grant| grant.role)
        .ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Whether a person may do it to anything at all: for lists, which then show only what is in scope.
///
/// # Errors
/// [`Kind::Forbidden`].
pub fn permit_any(staff: &Staff, operation: Operation) -> Result<Role, Problem> {
    let found = staff
        .grants
        .iter()
        .find(|grant| reach(grant.role, operation) != Reach::No);
    found
        .map(|grant| grant.role)
        .ok_or_else(|| Problem::new(Kind::Forbidden))
}

fn covers(staff: &Staff, grant: &Grant, reach: Reach, target: &Target) -> bool {
    match reach {
        Reach::No => false,
        Reach::Own => {
            let own_crew = grant.crew_id.is_some() && grant.crew_id == target.crew_id;
            own_crew || target.entered_by == Some(staff.staff_user_id)
        }
        Reach::Scope => {
            let within = |limit: Option<Uuid>, of: Option<Uuid>| limit.is_none() || of.is_none() || limit == of;
            within(grant.service_id, target.service_id) && within(grant.sector_id, target.sector_id)
        }
    }
}
