use super::*;
use crate::text::Locale;

fn budgets(per_hour: u32) -> Budgets {
    let budget = NonZeroU32::new(per_hour).unwrap();
    Budgets {
        submit_per_hour: budget,
        guess_per_hour: budget,
        read_per_hour: budget,
        staff_per_hour: budget,
        reveal_per_hour: budget,
    }
}

fn client(address: &str, device: Option<&str>) -> Client {
    Client {
        locale: Locale::default(),
        address: Some(address.parse().unwrap()),
        device: device.map(str::to_owned),
        request_id: String::new(),
        tally: Tally::default(),
    }
}

fn told(client: &Client) -> (String, String) {
    let mut headers = HeaderMap::new();
    client.tally.tell(&mut headers);
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    (text("ratelimit-policy"), text("ratelimit"))
}

#[test]
fn an_answer_says_where_the_sender_stands() {
    let limits = Limits::new(budgets(120));
    let sender = client("192.0.2.1", Some("a-phone"));
    limits.count(Class::Submit, &sender).unwrap();
    let (policy, left) = told(&sender);
    assert_eq!(policy, r#""submit-address";q=30;w=900, "submit-device";q=30;w=900"#);
    assert_eq!(left, r#""submit-address";r=29;t=30, "submit-device";r=29;t=30"#);
    assert_eq!(told(&client("192.0.2.1", None)), (String::new(), String::new()));
}

#[test]
fn changing_the_device_s_name_buys_nothing() {
    let limits = Limits::new(budgets(8));
    for name in ["one", "two"] {
        limits.count(Class::Submit, &client("192.0.2.1", Some(name))).unwrap();
    }
    let third = client("192.0.2.1", Some("three"));
    let refused = limits.count(Class::Submit, &third).unwrap_err();
    assert_eq!(refused.kind, Kind::TooManyRequests);
    let wait = refused.retry_after.unwrap();
    assert!((1..=450).contains(&wait), "{wait}");
    // What is refused by the address is not counted against the device.
    assert_eq!(told(&third).1, format!(r#""submit-address";r=0;t={wait}"#));
    limits
        .count(Class::Submit, &client("192.0.2.2", Some("three")))
        .unwrap();
}

#[test]
fn a_device_takes_its_budget_from_address_to_address() {
    let limits = Limits::new(budgets(8));
    for last in 1..=2 {
        limits
            .count(Class::Guess, &client(&format!("192.0.2.{last}"), Some("a-phone")))
            .unwrap();
    }
    let moved = client("192.0.2.3", Some("a-phone"));
    assert!(limits.count(Class::Guess, &moved).is_err());
    assert!(
        told(&moved)
            .1
            .starts_with(r#""guess-address";r=1;t=450, "guess-device";r=0;t="#)
    );
    limits.count(Class::Read, &moved).unwrap();
}

#[test]
fn a_subscriber_is_one_sender() {
    let limits = Limits::new(budgets(4));
    limits.count(Class::Submit, &client("2001:db8:0:1::1", None)).unwrap();
    assert!(
        limits
            .count(Class::Submit, &client("2001:db8:0:1:ffff::9", None))
            .is_err()
    );
    limits.count(Class::Submit, &client("2001:db8:0:2::1", None)).unwrap();
    // A dual-stack listener sees an IPv4 sender so.
    limits.count(Class::Submit, &client("::ffff:192.0.2.1", None)).unwrap();
    assert!(limits.count(Class::Submit, &client("192.0.2.1", None)).is_err());
    limits.count(Class::Submit, &client("::ffff:192.0.2.2", None)).unwrap();
}

#[test]
fn what_has_a_name_of_its_own_is_counted_by_it_in_each_class() {
    let limits = Limits::new(budgets(8));
    for class in [Class::Staff, Class::Reveal] {
        for _ in 0..2 {
            limits.count_key(class, "session:a".to_owned()).unwrap();
        }
        let refused = limits.count_key(class, "session:a".to_owned()).unwrap_err();
        assert_eq!(refused.kind, Kind::TooManyRequests);
        assert!(refused.retry_after.is_some());
        limits.count_key(class, "session:b".to_owned()).unwrap();
    }
}

#[test]
fn no_limit_is_none() {
    let limits = Limits::new(budgets(u32::MAX));
    for _ in 0..10_000 {
        limits.count(Class::Submit, &client("192.0.2.1", None)).unwrap();
    }
}
