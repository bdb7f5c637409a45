//! The catalogue in memory, read again when its version in the database has grown.

use std::sync::{Arc, RwLock};

use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;

use super::model::{Catalogue, Town};
use super::queries;
use crate::db::{Db, TownId};
use crate::http::problem::Problem;

/// The catalogue of one process.
#[derive(Default)]
pub struct CatalogueCache {
    current: RwLock<Arc<Catalogue>>,
    /// One reload at a time; the others wait for it.
    reloading: Mutex<()>,
}

impl CatalogueCache {
    /// What is in memory, possibly one change old. Commands compare its version inside their transaction.
    #[must_use]
    pub fn get(&self) -> Arc<Catalogue> {
        self.current
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The catalogue at its present version.
    ///
    /// # Errors
    /// When the database is away or holds what cannot be read.
    pub async fn fresh(&self, db: &Db) -> Result<Arc<Catalogue>, Problem> {
        let mut conn = db.conn().await?;
        self.at_version_of(&mut conn).await
    }

    /// A town as the catalogue has it now, for work that was left under the town's number.
    ///
    /// # Errors
    /// As [`CatalogueCache::fresh`], and when the town is gone.
    pub async fn town(&self, db: &Db, id: TownId) -> Result<Arc<Town>, Problem> {
        let catalogue = self.fresh(db).await?;
        let town = catalogue.town(id).cloned();
        town.ok_or_else(|| Problem::internal(format!("no town {}", id.0)))
    }

    /// The same over a connection that the caller holds, outside any transaction.
    ///
    /// # Errors
    /// As [`CatalogueCache::fresh`].
    pub async fn at_version_of(&self, conn: &mut AsyncPgConnection) -> Result<Arc<Catalogue>, Problem> {
        let version = queries::version(conn).await?;
        let current = self.get();
        if current.version == version {
            return Ok(current);
        }
        let _turn = self.reloading.lock().await;
        let current = self.get();
        if current.version == version {
            return Ok(current);
        }
        let loaded = Arc::new(queries::load(conn).await?);
        *self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner) = loaded.clone();
        tracing::info!(version = loaded.version, towns = loaded.towns().len(), "catalogue read");
        Ok(loaded)
    }
}
