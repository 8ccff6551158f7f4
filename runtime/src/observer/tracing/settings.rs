//! Lines about settings that are read while the process runs.

use tracing::{error, info, warn};

use super::TARGET;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>) {
    match event {
        Event::SettingsApplied(event) => info!(
            target: TARGET,
            path = event.path,
            values = event.values,
            "settings applied",
        ),
        Event::SettingsRefused(event) => error!(
            target: TARGET,
            path = event.path,
            error = event.error,
            "settings refused: those in force stay",
        ),
        Event::SettingUnused(event) => warn!(
            target: TARGET,
            warning = event.warning,
            "something in the settings has no effect",
        ),
        _ => {}
    }
}
