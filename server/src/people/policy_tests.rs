use proptest::prelude::*;

use super::*;

const ME: Uuid = Uuid::from_u128(1);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn grant(role: Role) -> Grant {
    Grant {
        role,
        service_id: None,
        sector_id: None,
        crew_id: None,
    }
}

fn staff(grants: Vec<Grant>) -> Staff {
    Staff {
        staff_user_id: ME,
        session_id: id(2),
        device_id: None,
        town: TownId(1),
        grants,
    }
}

fn verdict(grants: Vec<Grant>, operation: Operation, target: Target) -> Result<Role, Kind> {
    permit(&staff(grants), operation, &target).map_err(|problem| problem.kind)
}

#[test]
fn a_crew_sees_its_own_alerts_and_no_others() {
    let crew = Grant {
        crew_id: Some(id(7)),
        ..grant(Role::Crew)
    };
    let of = |crew_id| Target {
        crew_id,
        ..Target::default()
    };
    let ask = |target| verdict(vec![crew.clone()], Operation::ReadAlert, target);
    assert_eq!(ask(of(Some(id(7)))), Ok(Role::Crew));
    assert_eq!(ask(of(Some(id(8)))), Err(Kind::NotFound));
    assert_eq!(ask(of(None)), Err(Kind::NotFound));
    assert_eq!(
        verdict(vec![crew.clone()], Operation::Dispatch, of(Some(id(7)))),
        Err(Kind::Forbidden)
    );
}

#[test]
fn the_front_desk_follows_what_it_entered_a_secretariat_its_own_entries() {
    let by = |entered_by| Target {
        entered_by,
        ..Target::default()
    };
    let ask = |role, target| verdict(vec![grant(role)], Operation::FollowEntered, target);
    assert_eq!(ask(Role::Secretariat, by(Some(ME))), Ok(Role::Secretariat));
    assert_eq!(ask(Role::Secretariat, by(Some(id(3)))), Err(Kind::NotFound));
    assert_eq!(ask(Role::Secretariat, by(None)), Err(Kind::NotFound));
    assert_eq!(ask(Role::FrontDesk, by(Some(id(3)))), Ok(Role::FrontDesk));
}

#[test]
fn a_scope_ends_at_another_service_or_sector() {
    let roads_centre = Grant {
        service_id: Some(id(10)),
        sector_id: Some(id(20)),
        ..grant(Role::Secretariat)
    };
    let at = |service, sector| Target {
        service_id: Some(id(service)),
        sector_id: Some(id(sector)),
        ..Target::default()
    };
    let ask = |target| verdict(vec![roads_centre.clone()], Operation::Qualify, target);
    assert_eq!(ask(at(10, 20)), Ok(Role::Secretariat));
    assert_eq!(ask(at(11, 20)), Err(Kind::NotFound));
    assert_eq!(ask(at(10, 21)), Err(Kind::NotFound));
}

#[test]
fn the_grant_that_covers_the_target_decides_the_role() {
    let of_service = |role, service| Grant {
        service_id: Some(id(service)),
        ..grant(role)
    };
    let both = vec![of_service(Role::Secretariat, 10), of_service(Role::Supervisor, 11)];
    let target = Target {
        service_id: Some(id(11)),
        ..Target::default()
    };
    assert_eq!(verdict(both, Operation::Qualify, target), Ok(Role::Supervisor));
}

fn any_grant() -> impl Strategy<Value = Grant> {
    let maybe = || prop::option::of((1..4_u128).prop_map(id));
    (prop::sample::select(Role::ALL), maybe(), maybe(), maybe()).prop_map(|(role, service_id, sector_id, crew_id)| {
        Grant {
            role,
            service_id,
            sector_id,
            crew_id,
        }
    })
}

fn any_target() -> impl Strategy<Value = Target> {
    let maybe = || prop::option::of((1..4_u128).prop_map(id));
    (maybe(), maybe(), maybe(), maybe()).prop_map(|(service_id, sector_id, crew_id, entered_by)| Target {
        service_id,
        sector_id,
        crew_id,
        entered_by,
    })
}

proptest! {
    #[test]
    fn a_grant_never_takes_away(
        grants in prop::collection::vec(any_grant(), 0..4), more in any_grant(),
        operation in prop::sample::select(Operation::ALL), target in any_target(),
    ) {
        let before = verdict(grants.clone(), operation, target);
        let mut with_more = grants;
        with_more.push(more);
        if let Ok(role) = before {
            prop_assert_eq!(verdict(with_more, operation, target), Ok(role));
        }
    }

    #[test]
    fn forbidden_means_that_no_target_at_all_is_reached(
        grants in prop::collection::vec(any_grant(), 0..4),
        operation in prop::sample::select(Operation::ALL), one in any_target(), other in any_target(),
    ) {
        let forbidden = verdict(grants.clone(), operation, one) == Err(Kind::Forbidden);
        prop_assert_eq!(verdict(grants.clone(), operation, other) == Err(Kind::Forbidden), forbidden);
        prop_assert_eq!(permit_any(&staff(grants), operation).is_err(), forbidden);
    }

    #[test]
    fn a_narrower_grant_reaches_no_further(
        wide in any_grant(), service in 1..4_u128, sector in 1..4_u128,
        operation in prop::sample::select(Operation::ALL), target in any_target(),
    ) {
        let narrow = Grant {
            service_id: wide.service_id.or(Some(id(service))),
            sector_id: wide.sector_id.or(Some(id(sector))),
            ..wide.clone()
        };
        if verdict(vec![narrow], operation, target).is_ok() {
            prop_assert!(verdict(vec![wide], operation, target).is_ok());
        }
    }

    #[test]
    fn a_role_that_a_permission_names_reaches_the_operation(
        grants in prop::collection::vec(any_grant(), 0..4),
        operation in prop::sample::select(Operation::ALL), target in any_target(),
    ) {
        if let Ok(role) = verdict(grants.clone(), operation, target) {
            prop_assert!(reach(role, operation) != Reach::No);
            prop_assert!(grants.iter().any(|grant| grant.role == role));
        }
    }
}
