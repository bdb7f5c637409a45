//! An installed town as a town file. Installing what was exported changes nothing.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::queries;
use super::rows::StoredPolicy;
use crate::catalog::model::{Body, Category, Service, Town};
use crate::catalog::town_file::{
    BodyEntry, CategoryEntry, CrewEntry, GateEntry, RouteEntry, SeasonEntry, SectorEntry, ServiceEntry, Territory,
    TownFile,
};
use crate::http::problem::Problem;
use crate::text::Locale;

/// Writes a town as a town file. Crews and categories that are out of use are left out.
///
/// # Errors
/// When the database refuses, or holds what a town file cannot say.
pub async fn export(conn: &mut AsyncPgConnection, town: &Town) -> Result<TownFile, Problem> {
    let policies = queries::policies(conn, town.id).await?;
    let codes = Codes(town);
    let mut rules: Vec<_> = town.routing.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.rank));
    Ok(TownFile {
        slug: town.slug.clone(),
        name: town.name.clone(),
        time_zone: town.time_zone.name().to_owned(),
        locales: town.locales.iter().filter_map(|tag| Locale::from_tag(tag)).collect(),
        boundary: Territory::of(&town.boundary),
        postal_address: town.postal_address.clone(),
        phone: town.phone.clone(),
        email: town.email.clone(),
        emergency_numbers: town.emergency_numbers.clone(),
        implicit_decision: town.implicit_decision.clone(),
        not_watched: town.not_watched.clone(),
        notice: town.notice.clone(),
        notice_version: town.notice_version,
        default_service: codes.service(Some(town.default_service_id)).unwrap_or_default(),
        sectors: town
            .sectors
            .iter()
            .map(|sector| SectorEntry {
                code: sector.code.clone(),
                name: sector.name.clone(),
                boundary: Territory::of(&sector.boundary),
            })
            .collect(),
        bodies: by_code(town.bodies.values().map(body).collect::<Result<_, _>>()?, |entry| {
            &entry.code
        }),
        services: by_code(town.services.values().map(service).collect(), |entry| &entry.code),
        crews: by_code(crews(town), |entry| &entry.code),
        categories: town
            .categories
            .iter()
            .filter(|category| category.active)
            .map(|entry| category(entry, &codes, policies.get(&entry.id)))
            .collect::<Result<_, _>>()?,
        routing: rules
            .into_iter()
            .map(|rule| RouteEntry {
                category: codes.category(rule.category),
                sector: codes.sector(rule.sector),
                hours: rule.hours.clone(),
                body: codes.body(rule.body),
                service: codes.service(rule.service),
                crew: codes.crew(rule.crew),
            })
            .collect(),
    })
}

/// From identities back to codes.
struct Codes<'a>(&'a Town);

impl Codes<'_> {
    fn service(&self, id: Option<Uuid>) -> Option<String> {
        self.0.services.get(&id?).map(|entry| entry.code.clone())
    }

    fn body(&self, id: Option<Uuid>) -> Option<String> {
        self.0.bodies.get(&id?).map(|entry| entry.code.clone())
    }

    fn crew(&self, id: Option<Uuid>) -> Option<String> {
        self.0.crews.get(&id?).map(|entry| entry.code.clone())
    }

    fn category(&self, id: Option<Uuid>) -> Option<String> {
        self.0.category_by_id(id?).map(|entry| entry.code.clone())
    }

    fn sector(&self, id: Option<Uuid>) -> Option<String> {
        let id = id?;
        let found = self.0.sectors.iter().find(|entry| entry.id == id);
        found.map(|entry| entry.code.clone())
    }
}

fn by_code<T>(mut entries: Vec<T>, code: fn(&T) -> &String) -> Vec<T> {
    entries.sort_by(|a, b| code(a).cmp(code(b)));
    entries
}

fn body(body: &Body) -> Result<BodyEntry, Problem> {
    Ok(BodyEntry {
        code: body.code.clone(),
        kind: body.kind.parse().map_err(Problem::internal)?,
        name: body.name.clone(),
        postal_address: body.postal_address.clone(),
        phone: body.phone.clone(),
        email: body.email.clone(),
        website: body.website.clone(),
        hand_over: body.hand_over.parse().map_err(Problem::internal)?,
        zone: body.zone.as_ref().map(Territory::of),
    })
}

fn service(service: &Service) -> ServiceEntry {
    ServiceEntry {
        code: service.code.clone(),
        name: service.name.clone(),
        postal_address: service.postal_address.clone(),
        phone: service.phone.clone(),
        email: service.email.clone(),
        calendar: service.calendar.clone(),
        delay: service.delay,
        notices: service.notices,
        notice_hours: service.notice_hours.clone(),
        consult_hours: service.consult_hours,
        answer_hours: service.answer_hours,
        on_call: service.on_call.clone(),
    }
}

fn crews(town: &Town) -> Vec<CrewEntry> {
    let codes = Codes(town);
    let in_use = town.crews.values().filter(|crew| crew.active);
    in_use
        .map(|crew| CrewEntry {
            code: crew.code.clone(),
            name: crew.name.clone(),
            service: codes.service(Some(crew.service_id)).unwrap_or_default(),
            sector: codes.sector(crew.sector_id),
            vehicle: crew.vehicle.clone(),
            skills: crew.skills.clone(),
        })
        .collect()
}

fn category(category: &Category, codes: &Codes<'_>, policy: Option<&StoredPolicy>) -> Result<CategoryEntry, Problem> {
    let dedup = policy.map(|policy| policy.document.clone()).unwrap_or_default();
    Ok(CategoryEntry {
        code: category.code.clone(),
        group: codes.category(category.parent_id),
        is_group: category.is_group,
        label: category.label.clone(),
        description: category.description.clone(),
        keywords: category.keywords.clone(),
        icon: category.icon.clone(),
        questions: category.questions.schema().clone(),
        service: codes.service(category.service_id),
        delay: category.delay,
        close_by: category.rules.close_by,
        proof_photo: category.rules.proof_photo_required,
        sensitive: category.sensitive,
        formal_request: category.formal_request,
        agent_only: category.agent_only,
        priority: category.priority,
        call_number: category.call_number.clone(),
        redirect_body: codes.body(category.redirect_body_id),
        redirect_message: category.redirect_message.clone(),
        dedup: serde_json::from_value(dedup).map_err(Problem::internal)?,
        rejected_days: category.rejected_days,
        gates: gates(codes.0, category.id),
    })
}

fn gates(town: &Town, category: Uuid) -> Vec<GateEntry> {
    let codes = Codes(town);
    let day = |(month, day): (u32, u32)| format!("{month:02}-{day:02}");
    let of_category = town.gates.iter().filter(|gate| gate.category_id == category);
    of_category
        .map(|gate| GateEntry {
            rule: gate.rule,
            sector: codes.sector(gate.sector_id),
            season: gate.season.map(|(from, to)| SeasonEntry {
                from: day(from),
                to: day(to),
            }),
            from: gate.valid_from,
            to: gate.valid_to,
            message: gate.message.clone(),
            instead: gate.instead.clone(),
        })
        .collect()
}
