use super::*;

fn trust(url: &str) -> (SslMode, Trust) {
    let target = Target::parse(url).unwrap();
    (target.config.get_ssl_mode(), target.trust)
}

#[test]
fn the_url_says_whom_to_trust() {
    let url = |query: &str| format!("postgres://vigie_app:secret@db.ville.example/vigie{query}");
    assert_eq!(trust(&url("")), (SslMode::Prefer, Trust::Anybody));
    assert_eq!(trust(&url("?sslmode=disable")), (SslMode::Disable, Trust::Plain));
    assert_eq!(trust(&url("?sslmode=require")), (SslMode::Require, Trust::Anybody));
    assert_eq!(
        trust(&url("?sslmode=verify-full")),
        (SslMode::Require, Trust::Verified(None))
    );
    let file = url("?sslrootcert=%2Fetc%2Fvigie%2Fca.pem&application_name=vigie&sslmode=verify-full");
    let target = Target::parse(&file).unwrap();
    assert_eq!(target.trust, Trust::Verified(Some("/etc/vigie/ca.pem".into())));
    assert_eq!(target.config.get_application_name(), Some("vigie"));
    assert_eq!(target.config.get_password(), Some("secret".as_bytes()));
}

#[test]
fn a_socket_needs_no_tls_unless_it_is_asked_for() {
    let needs = |url: &str| {
        let target = Target::parse(url).unwrap();
        target.trust.needs_tls(&target.config)
    };
    assert!(!needs("postgres://vigie_app@%2Frun%2Fvigie:5432/vigie"));
    assert!(needs("postgres://vigie_app@%2Frun%2Fvigie:5432/vigie?sslmode=require"));
    assert!(needs("postgres://vigie_app@db.ville.example/vigie"));
    assert!(!needs("postgres://vigie_app@db.ville.example/vigie?sslmode=disable"));
}

#[test]
fn a_fault_is_said_without_the_password() {
    let fault = |url: &str| check(url).unwrap_err();
    let wrong = fault("postgres://vigie_app:secret@db/vigie?sslmode=verify-ca");
    assert!(wrong.contains("verify-full") && !wrong.contains("secret"), "{wrong}");
    // Whoever names authorities means them to be asked.
    assert!(fault("postgres://u:secret@db/vigie?sslmode=require&sslrootcert=ca.pem").contains("sslrootcert"));
    assert!(fault("postgres://u:secret@db/vigie?sslrootcert=ca.pem").contains("sslrootcert"));
    let unknown = fault("postgres://u:secret@db/vigie?colour=blue");
    assert!(unknown.contains("colour") && !unknown.contains("secret"), "{unknown}");
}

#[test]
fn certificates_are_read_when_they_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    assert!(roots(Some(&path)).is_err());
    std::fs::write(&path, "no certificate\n").unwrap();
    assert!(matches!(roots(Some(&path)), Err(Fault::Root(..))));
    assert!(roots(None).unwrap().len() > 50);
}
