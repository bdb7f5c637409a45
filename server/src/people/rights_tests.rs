use super::*;

#[test]
fn the_committed_table_is_the_policy() {
    assert_eq!(rights_markdown(), include_str!("rights.md"));
}

#[test]
fn reserved_roles_reach_nothing() {
    for role in [Role::Contractor, Role::Signatory, Role::Dpo] {
        assert!(
            Operation::ALL
                .iter()
                .all(|operation| reach(role, *operation) == Reach::No)
        );
    }
}

#[test]
fn every_operation_is_somebodys() {
    for operation in Operation::ALL {
        assert!(
            Role::ALL.iter().any(|role| reach(*role, *operation) != Reach::No),
            "{operation} is nobody's"
        );
    }
}
