//! A small town: a square of five kilometres in the sea, where no real street is meant.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;
use vigie::app::App;
use vigie::auth::password::Passwords;
use vigie::auth::token::{StaffToken, issue};
use vigie::db::TownId;
use vigie::db::schema::{body, category, crew, jurisdiction, role_grant, sector, service, session, staff_user};
use vigie::db::space::from_territory;
pub use vigie::people::policy::Role;

/// Password of everybody on the staff.
pub const PASSWORD: &str = "a-password-for-tests-only";
/// PIN of everybody on a crew.
pub const PIN: &str = "284917";

/// Middle of the first town, longitude and latitude; the others lie east of it.
const MIDDLE: (f64, f64) = (-4.5, 46.5);
/// Half a side, degrees: 2.5 km at this latitude.
const HALF: (f64, f64) = (0.0326, 0.0225);
/// From one town to the next, degrees of longitude.
const APART: f64 = 0.2;

/// A town's ids and people, by their short names.
#[derive(Clone, Debug)]
pub struct Town {
    /// Number.
    pub id: TownId,
    /// Middle of its territory: longitude, latitude.
    pub middle: (f64, f64),
    /// `west`, `east`.
    pub sectors: BTreeMap<&'static str, Uuid>,
    /// `roads`, `cleaning`; roads is the town's default.
    pub services: BTreeMap<&'static str, Uuid>,
    /// `roads-1`, `cleaning-1`.
    pub crews: BTreeMap<&'static str, Uuid>,
    /// `pothole` (proof photo), `street-light` (asks for live cables), `fly-tipping` (closed by the secretariat),
    /// `nuisance` (sensitive).
    pub categories: BTreeMap<&'static str, Uuid>,
    /// The power company, an outside body that takes hand-overs by e-mail.
    pub power_company: Uuid,
    /// One person of each role that is in use.
    pub staff: BTreeMap<Role, Employee>,
}

/// A person of the staff.
#[derive(Clone, Debug)]
pub struct Employee {
    /// Identity.
    pub id: Uuid,
    /// Signs in with it and [`PASSWORD`].
    pub email: String,
}

impl Town {
    /// Puts a town into a database with the superuser's login; towns with different numbers lie apart.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn install(conn: &mut AsyncPgConnection, number: u8) -> Self {
        let middle = (MIDDLE.0 + APART * f64::from(number), MIDDLE.1);
        let id = add_town(conn, number, middle).await;
        let new = |codes: &[&'static str]| -> BTreeMap<&'static str, Uuid> {
            codes.iter().map(|code| (*code, Uuid::now_v7())).collect()
        };
        let mut town = Self {
            id: TownId(id),
            middle,
            sectors: new(&["west", "east"]),
            services: new(&["roads", "cleaning"]),
            crews: new(&["roads-1", "cleaning-1"]),
            categories: new(&["pothole", "street-light", "fly-tipping", "nuisance"]),
            power_company: Uuid::now_v7(),
            staff: BTreeMap::new(),
        };
        town.add_sectors(conn).await;
        town.add_services(conn).await;
        town.add_crews(conn).await;
        town.add_body(conn).await;
        town.add_categories(conn).await;
        town.add_staff(conn, number).await;
        town
    }

    /// A GeoJSON point so many metres east and north of the middle.
    #[must_use]
    pub fn point(&self, east_m: f64, north_m: f64) -> Value {
        let (lon, lat) = self.lon_lat(east_m, north_m);
        json!({"type": "Point", "coordinates": [lon, lat]})
    }

    /// Longitude and latitude so many metres east and north of the middle, to six decimals.
    #[must_use]
    pub fn lon_lat(&self, east_m: f64, north_m: f64) -> (f64, f64) {
        const METRES_PER_DEGREE: f64 = 111_195.0;
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        let lon = self.middle.0 + east_m / (METRES_PER_DEGREE * self.middle.1.to_radians().cos());
        (round(lon), round(self.middle.1 + north_m / METRES_PER_DEGREE))
    }

    /// An access token of a session just begun, made the way sign-in makes it.
    ///
    /// # Panics
    /// When the town has nobody in that role, or the database refuses.
    pub async fn session(&self, conn: &mut AsyncPgConnection, app: &App, role: Role) -> String {
        let employee = self
            .staff
            .get(&role)
            .unwrap_or_else(|| panic!("nobody is {role} in the test town"));
        let (now, session_id) = (Utc::now(), Uuid::now_v7());
        diesel::insert_into(session::table)
            .values((
                session::jurisdiction_id.eq(self.id.0),
                session::id.eq(session_id),
                session::staff_user_id.eq(employee.id),
                session::token_hash.eq(session_id.as_bytes().as_slice()),
                session::rotated_at.eq(now),
                session::expires_at.eq(now + TimeDelta::hours(12)),
            ))
            .execute(conn)
            .await
            .expect("a session");
        let who = StaffToken {
            staff_user_id: employee.id,
            session_id,
            town: self.id,
            epoch: 0,
        };
        issue(&app.keys, &app.config.public_url, who, now).expect("a token")
    }

    async fn add_sectors(&self, conn: &mut AsyncPgConnection) {
        let (x, y) = self.middle;
        for (code, id, from, to) in [
            ("west", self.sectors["west"], x - HALF.0, x),
            ("east", self.sectors["east"], x, x + HALF.0),
        ] {
            diesel::insert_into(sector::table)
                .values((
                    sector::jurisdiction_id.eq(self.id.0),
                    sector::id.eq(id),
                    sector::code.eq(code),
                    sector::name.eq(code),
                    sector::boundary.eq(from_territory(&rectangle(from, y - HALF.1, to, y + HALF.1))),
                ))
                .execute(conn)
                .await
                .expect("a sector");
        }
    }

    async fn add_services(&self, conn: &mut AsyncPgConnection) {
        let always: Vec<Value> = (0..7).map(|_| json!([{"opens": "00:00", "closes": "24:00"}])).collect();
        for (code, id) in &self.services {
            diesel::insert_into(service::table)
                .values((
                    service::jurisdiction_id.eq(self.id.0),
                    service::id.eq(id),
                    service::code.eq(code),
                    service::name.eq(both(code)),
                    service::postal_address.eq("1 quai du Large, 00000 Le Large"),
                    service::phone.eq("+33 1 99 00 00 10"),
                    service::email.eq(format!("{code}@town.test")),
                    service::calendar.eq(json!({"time_zone": "Europe/Paris", "weekly": always, "holidays": "none"})),
                    service::delay.eq(json!({"working_days": 5})),
                    service::on_call.eq(json!([{"phone": "+33199000020", "minutes": 10}])),
                ))
                .execute(conn)
                .await
                .expect("a service");
        }
        diesel::update(jurisdiction::table.filter(jurisdiction::id.eq(self.id.0)))
            .set(jurisdiction::default_service_id.eq(self.services["roads"]))
            .execute(conn)
            .await
            .expect("a default service");
    }

    async fn add_crews(&self, conn: &mut AsyncPgConnection) {
        for (code, service) in [("roads-1", "roads"), ("cleaning-1", "cleaning")] {
            diesel::insert_into(crew::table)
                .values((
                    crew::jurisdiction_id.eq(self.id.0),
                    crew::id.eq(self.crews[code]),
                    crew::code.eq(code),
                    crew::name.eq(code),
                    crew::service_id.eq(self.services[service]),
                ))
                .execute(conn)
                .await
                .expect("a crew");
        }
    }

    async fn add_body(&self, conn: &mut AsyncPgConnection) {
        diesel::insert_into(body::table)
            .values((
                body::jurisdiction_id.eq(self.id.0),
                body::id.eq(self.power_company),
                body::code.eq("power-company"),
                body::kind.eq("power"),
                body::name.eq(both("Power company")),
                body::email.eq("hand-over@power.test"),
                body::phone.eq("+33 1 99 00 00 30"),
                body::hand_over.eq("email"),
            ))
            .execute(conn)
            .await
            .expect("a body");
    }

    async fn add_categories(&self, conn: &mut AsyncPgConnection) {
        for (position, (code, service)) in [
            ("pothole", "roads"),
            ("street-light", "roads"),
            ("fly-tipping", "cleaning"),
            ("nuisance", "cleaning"),
        ]
        .into_iter()
        .enumerate()
        {
            diesel::insert_into(category::table)
                .values((
                    category::jurisdiction_id.eq(self.id.0),
                    category::id.eq(self.categories[code]),
                    category::code.eq(code),
                    category::label.eq(both(code)),
                    category::service_id.eq(self.services[service]),
                    category::proof_photo.eq(code == "pothole"),
                    category::sensitive.eq(code == "nuisance"),
                    category::close_by.eq(if code == "fly-tipping" { "secretariat" } else { "crew" }),
                    category::questions.eq(questions(code)),
                    category::position.eq(i32::try_from(position).expect("few")),
                ))
                .execute(conn)
                .await
                .expect("a category");
        }
    }

    async fn add_staff(&mut self, conn: &mut AsyncPgConnection, number: u8) {
        let (password, pin) = (hashed(PASSWORD), hashed(PIN));
        for role in [
            Role::Crew,
            Role::FrontDesk,
            Role::Secretariat,
            Role::Supervisor,
            Role::Admin,
        ] {
            let employee = Employee {
                id: Uuid::now_v7(),
                email: format!("{role}@town{number}.test"),
            };
            diesel::insert_into(staff_user::table)
                .values((
                    staff_user::id.eq(employee.id),
                    staff_user::email.eq(&employee.email),
                    staff_user::name.eq(role.as_str()),
                    staff_user::password_hash.eq(password),
                    staff_user::pin_hash.eq((role == Role::Crew).then_some(pin)),
                    staff_user::locale.eq("en"),
                ))
                .execute(conn)
                .await
                .expect("a person");
            diesel::insert_into(role_grant::table)
                .values((
                    role_grant::jurisdiction_id.eq(self.id.0),
                    role_grant::id.eq(Uuid::now_v7()),
                    role_grant::staff_user_id.eq(employee.id),
                    role_grant::role.eq(role.as_str()),
                    role_grant::service_id.eq((role == Role::Secretariat).then_some(self.services["roads"])),
                    role_grant::crew_id.eq((role == Role::Crew).then_some(self.crews["roads-1"])),
                ))
                .execute(conn)
                .await
                .expect("a grant");
            self.staff.insert(role, employee);
        }
    }
}

async fn add_town(conn: &mut AsyncPgConnection, number: u8, (x, y): (f64, f64)) -> i32 {
    diesel::insert_into(jurisdiction::table)
        .values((
            jurisdiction::slug.eq(format!("large-{number}")),
            jurisdiction::name.eq(format!("Le Large {number}")),
            jurisdiction::time_zone.eq("Europe/Paris"),
            jurisdiction::locales.eq(vec!["fr", "en"]),
            jurisdiction::boundary.eq(from_territory(&rectangle(
                x - HALF.0,
                y - HALF.1,
                x + HALF.0,
                y + HALF.1,
            ))),
            jurisdiction::area_km2.eq(25.0),
            jurisdiction::postal_address.eq("1 quai du Large, 00000 Le Large"),
            jurisdiction::phone.eq("+33 1 99 00 00 01"),
            jurisdiction::email.eq("town@town.test"),
            jurisdiction::emergency_numbers.eq(json!([{"number": "112", "label": both("Emergency")}])),
            jurisdiction::implicit_decision.eq(both("Silence for two months is a refusal.")),
            jurisdiction::not_watched.eq(both("Nobody watches reports day and night.")),
            jurisdiction::notice.eq(both("Your data serve this report only.")),
        ))
        .returning(jurisdiction::id)
        .get_result(conn)
        .await
        .expect("a town")
}

/// The same words in both languages: what they say does not matter, that they are there does.
fn both(text: &str) -> Value {
    json!({"fr": text, "en": text})
}

fn questions(code: &str) -> Value {
    match code {
        "street-light" => json!({
            "type": "object",
            "properties": {"cable": {
                "type": "string",
                "enum": ["none", "live"],
                "x-title": both("Is a cable visible?"),
                "x-severity": [{"answer": "live", "severity": "danger"}],
            }},
        }),
        _ => json!({}),
    }
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> geo::MultiPolygon<f64> {
    let (min, max) = (geo::coord! {x: west, y: south}, geo::coord! {x: east, y: north});
    geo::MultiPolygon::new(vec![geo::Rect::new(min, max).to_polygon()])
}

/// argon2id takes its time on purpose; everybody has the same password, so it is spent once.
fn hashed(secret: &'static str) -> &'static str {
    static HASHES: [OnceLock<String>; 2] = [OnceLock::new(), OnceLock::new()];
    HASHES[usize::from(secret == PIN)].get_or_init(|| {
        crate::wait_for(async || {
            Passwords::new(1)
                .expect("argon2id")
                .hash(secret.to_owned())
                .await
                .expect("a hash")
        })
    })
}
