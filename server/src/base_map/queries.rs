//! SQL of the base map.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{Feature, TileRange};
use crate::db::Tx;
use crate::db::schema::base_tile;
use crate::http::problem::Problem;

/// Lives as long as the transaction, in Web Mercator.
const STAGE: &str =
    "CREATE TEMPORARY TABLE base_feature (layer text, kind text, name text, shape geometry) ON COMMIT DROP";

/// Which base map the town has; none without one. All tiles are written by one transaction, whose number this is: another
/// import has another one. So has a database that was restored, whose tiles are fetched once more then.
///
/// # Errors
/// When the database refuses.
pub async fn version(tx: &Tx) -> Result<Option<String>, Problem> {
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let made = "SELECT xmin::text AS version FROM base_tile WHERE jurisdiction_id = $1 LIMIT 1";
    let made: Option<Made> = diesel::sql_query(made)
        .bind::<Integer, _>(tx.town().0)
        .get_result(&mut &**tx)
        .await
        .optional()?;
    Ok(made.map(|made| made.version))
}

/// Takes the tiles of before away.
///
/// # Errors
/// When the database refuses.
pub async fn clear(tx: &mut Tx) -> Result<(), Problem> {
    let town = tx.town();
    diesel::delete(base_tile::table.filter(base_tile::jurisdiction_id.eq(town.0)))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Puts what is to be cut where it can be.
///
/// # Errors
/// When the database refuses.
pub async fn stage(tx: &mut Tx, features: &[Feature]) -> Result<(), Problem> {
    tx.batch_execute(STAGE).await?;
    let texts = |text: fn(&Feature) -> String| features.iter().map(text).collect::<Vec<String>>();
    let names: Vec<Option<String>> = features.iter().map(|feature| feature.name.clone()).collect();
    let insert = "INSERT INTO base_feature \
        SELECT layer, kind, name, ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(shape), 4326), 3857) \
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (layer, kind, name, shape)";
    diesel::sql_query(insert)
        .bind::<Array<Text>, _>(texts(|feature| feature.layer.to_string()))
        .bind::<Array<Text>, _>(texts(|feature| feature.kind.clone()))
        .bind::<Array<Nullable<Text>>, _>(names)
        .bind::<Array<Text>, _>(texts(|feature| feature.geometry.to_string()))
        .execute(&mut **tx)
        .await?;
    let index = "CREATE INDEX base_feature_shape ON base_feature USING gist (shape); ANALYZE base_feature";
    Ok(tx.batch_execute(index).await?)
}

/// Cuts the tiles of a zoom; how many have something in them.
///
/// # Errors
/// When the database refuses.
pub async fn cut(tx: &mut Tx, zoom: i16, range: TileRange) -> Result<usize, Problem> {
    let town = tx.town();
    // 64 of 4096 units more on each side, so that lines meet at the edges.
    let cut = "INSERT INTO base_tile (jurisdiction_id, z, x, y, bytes) \
        SELECT $1, $2, x, y, string_agg(bytes, ''::bytea ORDER BY layer) FROM ( \
            SELECT x, y, layer, ST_AsMVT(drawn, layer, 4096, 'shape') AS bytes FROM ( \
                SELECT tile.x, tile.y, f.layer, f.kind, f.name, \
                    ST_AsMVTGeom(f.shape, ST_TileEnvelope($2, tile.x, tile.y), 4096, 64, true) AS shape \
                FROM (SELECT x, y FROM generate_series($3, $4) AS x, generate_series($5, $6) AS y) AS tile \
                JOIN base_feature f ON f.shape && ST_TileEnvelope($2, tile.x, tile.y, margin => 64.0 / 4096) \
            ) AS drawn WHERE shape IS NOT NULL GROUP BY x, y, layer \
        ) AS layers GROUP BY x, y";
    Ok(diesel::sql_query(cut)
        .bind::<Integer, _>(town.0)
        .bind::<SmallInt, _>(zoom)
        .bind::<Integer, _>(range.x.0)
        .bind::<Integer, _>(range.x.1)
        .bind::<Integer, _>(range.y.0)
        .bind::<Integer, _>(range.y.1)
        .execute(&mut **tx)
        .await?)
}
