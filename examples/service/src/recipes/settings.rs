//! Numbers of functions, circuits, bulkheads, connectors and caches can be changed while the service runs: in a file, which is looked at again when it
//! is saved, and by the environment.
//!
//! The file is made from the one in the program where there is none. A file with a mistake changes nothing, and the log says which line it is.
//! `REDIS_RESILIENT__FUNCTIONS__COUPONS_REDEEM__RETRIES=0` in the environment comes before the file.

use std::path::{Path, PathBuf};

use redis_resilient::settings::{self, SettingsError};

const EMBEDDED: &str = include_str!("../../resilience.toml");

pub(crate) fn watch(folder: &Path) -> Result<PathBuf, SettingsError> {
    let file = folder.join("resilience.toml");
    settings::watch_or_create(&file, EMBEDDED)?;
    Ok(file)
}
