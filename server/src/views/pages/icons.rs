//! The icons of categories, built into the program.

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::kept;
use crate::http::problem::{Kind, Problem};

/// Name and drawing, by name.
const ICONS: &[(&str, &str)] = &[
    ("aire-de-jeux", include_str!("../../../assets/icons/aire-de-jeux.svg")),
    ("animal-mort", include_str!("../../../assets/icons/animal-mort.svg")),
    ("arbre", include_str!("../../../assets/icons/arbre.svg")),
    ("bruit-squat", include_str!("../../../assets/icons/bruit-squat.svg")),
    ("chaussee", include_str!("../../../assets/icons/chaussee.svg")),
    ("corbeille", include_str!("../../../assets/icons/corbeille.svg")),
    ("depot-sauvage", include_str!("../../../assets/icons/depot-sauvage.svg")),
    ("eclairage", include_str!("../../../assets/icons/eclairage.svg")),
    ("espaces-verts", include_str!("../../../assets/icons/espaces-verts.svg")),
    ("feu-tricolore", include_str!("../../../assets/icons/feu-tricolore.svg")),
    ("fuite-eau", include_str!("../../../assets/icons/fuite-eau.svg")),
    ("lampadaire", include_str!("../../../assets/icons/lampadaire.svg")),
    ("neige-verglas", include_str!("../../../assets/icons/neige-verglas.svg")),
    ("nid-de-poule", include_str!("../../../assets/icons/nid-de-poule.svg")),
    ("odeur-gaz", include_str!("../../../assets/icons/odeur-gaz.svg")),
    ("other", include_str!("../../../assets/icons/other.svg")),
    ("panne-courant", include_str!("../../../assets/icons/panne-courant.svg")),
    ("panneau", include_str!("../../../assets/icons/panneau.svg")),
    ("proprete", include_str!("../../../assets/icons/proprete.svg")),
    (
        "remise-en-etat",
        include_str!("../../../assets/icons/remise-en-etat.svg"),
    ),
    ("reseaux", include_str!("../../../assets/icons/reseaux.svg")),
    ("seringue", include_str!("../../../assets/icons/seringue.svg")),
    ("tag", include_str!("../../../assets/icons/tag.svg")),
    ("tranquillite", include_str!("../../../assets/icons/tranquillite.svg")),
    ("trottinette", include_str!("../../../assets/icons/trottinette.svg")),
    ("trottoir", include_str!("../../../assets/icons/trottoir.svg")),
    (
        "vehicule-abandonne",
        include_str!("../../../assets/icons/vehicule-abandonne.svg"),
    ),
];

/// The drawing of a category.
#[utoipa::path(operation_id = "icon", tag = "resident", params(("name" = String, Path, description = "As the catalogue names it.")), responses(
    (status = 200, description = "An SVG of 24 by 24 that takes the text's colour.", body = String, content_type = "image/svg+xml"),
    (status = 304, description = "The client has it (If-None-Match)."),
    (status = 404, description = "There is none of this name.", body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[get("/icons/{name}.svg")]
pub async fn icon(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let found = ICONS.iter().find(|(known, _)| known == name.as_ref());
    let (_, drawing) = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(kept(&request, "image/svg+xml", drawing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_of_the_demo_has_its_icon() {
        let town = vigie_fixtures::Town::ingeville();
        let named = town.categories.iter().map(|category| &category.icon);
        for icon in named.chain(town.groups.iter().map(|group| &group.icon)) {
            assert!(ICONS.iter().any(|(known, _)| known == icon), "{icon}");
        }
        assert!(ICONS.iter().any(|(known, _)| *known == "other"));
    }
}
