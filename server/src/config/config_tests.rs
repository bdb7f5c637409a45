use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::of(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

#[test]
fn nothing_set_is_a_working_configuration() {
    let config = Config::read(&mut environment(&[])).expect("defaults are valid");
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert!(matches!(config.photos, Photos::Folder));
    assert_eq!(config.retry_schedule.first(), Some(&Duration::from_secs(5)));
    assert!(
        !config.keep_messages,
        "only `vigie run` keeps messages instead of sending them"
    );
}

#[test]
fn links_lead_to_where_it_listens_unless_told_otherwise() {
    let url = |listen| {
        Config::read(&mut environment(&[("VIGIE_LISTEN", listen)]))
            .expect("two good addresses")
            .public_url
    };
    assert_eq!(url("127.0.0.1:8187"), "http://127.0.0.1:8187");
    assert_eq!(url("0.0.0.0:80"), "http://127.0.0.1:80");
}

#[test]
fn all_faults_are_told_together() {
    let faults = Config::read(&mut environment(&[
        ("VIGIE_LISTEN", "everywhere"),
        ("VIGIE_DATABASE_POOL", "9000"),
        ("VIGIE_PHOTO_STORE", "s3"),
        ("VIGIE_RETRY_SCHEDULE", "5s,soon"),
        ("VIGIE_SMPT_URL", "smtp://relay"),
    ]))
    .expect_err("five settings are wrong");
    let names: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
    for name in [
        "VIGIE_LISTEN",
        "VIGIE_DATABASE_POOL",
        "VIGIE_S3_BUCKET",
        "VIGIE_RETRY_SCHEDULE",
        "VIGIE_SMPT_URL",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

#[test]
fn a_secret_is_read_from_its_file_and_never_printed() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "smtp://user:hush@relay.example\n").expect("written");
    let path = file.path().to_str().expect("a readable path");
    let config = Config::read(&mut environment(&[("VIGIE_SMTP_URL_FILE", path)])).expect("valid");
    assert!(config.smtp.is_some());
    assert!(!format!("{config:?}").contains("hush"));
    std::fs::write(file.path(), "\n").expect("written");
    let config = Config::read(&mut environment(&[("VIGIE_SMTP_URL_FILE", path)])).expect("no relay yet");
    assert!(config.smtp.is_none());
}

#[test]
fn a_map_style_is_at_our_own_address() {
    let style = |value| Config::read(&mut environment(&[("VIGIE_MAP_STYLE_URL", value)]));
    let own = style("/carte/style.json?v=2").expect("a path");
    assert_eq!(own.map_style_url.as_deref(), Some("/carte/style.json?v=2"));
    assert_eq!(style("").expect("nothing").map_style_url, None);
    for elsewhere in [
        "https://tiles.example/style.json",
        "//tiles.example/style.json",
        "style.json",
        "/a b",
    ] {
        let faults = style(elsewhere).expect_err("the apps could not load it");
        assert_eq!(faults.0[0].name, "VIGIE_MAP_STYLE_URL", "{elsewhere}");
        assert!(faults.0[0].complaint.contains("/carte/style.json"), "{faults}");
    }
}

#[test]
fn an_empty_file_sets_nothing() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "\n").expect("written");
    let path = file.path().to_str().expect("a readable path");
    let config = Config::read(&mut environment(&[("VIGIE_SMTP_URL_FILE", path)])).expect("valid");
    assert!(config.smtp.is_none(), "no relay yet");
    let both = [
        ("VIGIE_SMTP_URL_FILE", path),
        ("VIGIE_SMTP_URL", "smtp://relay.example"),
    ];
    assert!(Config::read(&mut environment(&both)).expect("valid").smtp.is_some());
    std::fs::write(file.path(), "smtp://other.example").expect("written");
    let faults = Config::read(&mut environment(&both)).expect_err("which of the two?");
    assert_eq!(faults.0[0].name, "VIGIE_SMTP_URL");
}

#[test]
fn migrating_needs_the_settings_of_the_database_only() {
    let mut env = environment(&[
        ("VIGIE_PHOTO_STORE", "s3"),
        ("VIGIE_PUBLIC_URL", "https://signalement.ville.example"),
        ("DATABASE_URL", "postgres://owner@db.ville.example/vigie"),
    ]);
    let read = Foundation::read(&mut env).expect("enough to migrate");
    assert!(read.database.owner_url.is_some());
    let wrong = Foundation::read(&mut environment(&[("DATABASE_URL", "mysql://db")]));
    assert_eq!(wrong.expect_err("no PostgreSQL").0[0].name, "DATABASE_URL");
}

#[test]
fn the_sample_documents_every_setting_and_no_other() {
    let sample = include_str!("../../../deploy/vigie.env.sample");
    let mut env = environment(&[("VIGIE_PHOTO_STORE", "s3")]);
    assert!(Config::read(&mut env).is_err(), "s3 needs its settings");
    for name in env.asked() {
        assert!(sample.contains(&format!("{name}=")), "{name} is not in the sample");
    }
    for line in sample
        .lines()
        .filter_map(|line| line.trim_start_matches('#').trim().split_once('='))
    {
        let name = line.0.trim();
        if name.starts_with("VIGIE_") && name != "VIGIE_LOG" {
            assert!(env.asked().contains(&name), "{name} is in the sample but unknown");
        }
    }
}
