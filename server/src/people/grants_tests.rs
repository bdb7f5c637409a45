use super::*;
use crate::db::TownId;

fn staff(grants: Vec<Grant>) -> Staff {
    Staff {
        staff_user_id: Uuid::from_u128(1),
        session_id: Uuid::from_u128(2),
        device_id: None,
        town: TownId(1),
        grants,
    }
}

fn admin(service_id: Option<Uuid>) -> Grant {
    Grant {
        role: Role::Admin,
        service_id,
        sector_id: None,
        crew_id: None,
    }
}

#[test]
fn only_an_admin_of_the_whole_town_manages_people() {
    assert!(require_town_admin(&staff(vec![admin(None)])).is_ok());
    let of_one_service = staff(vec![admin(Some(Uuid::from_u128(9)))]);
    let refused = require_town_admin(&of_one_service).expect_err("an admin of one service");
    assert_eq!(refused.kind, Kind::Forbidden);
    let supervisor = Grant {
        role: Role::Supervisor,
        ..admin(None)
    };
    assert!(require_town_admin(&staff(vec![supervisor])).is_err());
}

#[test]
fn the_last_admin_stays() {
    let (one, two) = (
        (Uuid::from_u128(1), Uuid::from_u128(11)),
        (Uuid::from_u128(2), Uuid::from_u128(12)),
    );
    assert!(keep_an_admin(&[one, two], &[two.1]).is_ok());
    assert!(keep_an_admin(&[], &[]).is_ok());
    let refused = keep_an_admin(&[one], &[]).expect_err("nobody would be left");
    assert_eq!(refused.kind, Kind::Conflict);
}
