//! Lines about connections.

use tracing::{debug, error, info, warn};

use super::{LeftOut, TARGET};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::Connected(event) => {
            let took_ms = whole_millis(event.took);
            let (connector, address) = (event.connector, event.address);
            if event.again {
                info!(target: TARGET, connector, address, took_ms, left_out = left.count(), left_out_ms = left.millis(), "connected again");
            } else {
                debug!(target: TARGET, connector, address, took_ms, left_out = left.count(), left_out_ms = left.millis(), "connected");
            }
        }
        Event::ConnectFailed(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "cannot connect",
        ),
        Event::ConnectionLost(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "connection lost",
        ),
        Event::PrimaryMoved(event) => warn!(
            target: TARGET,
            connector = event.connector,
            from = event.from,
            to = event.to,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "primary moved",
        ),
        Event::CredentialsRenewed(event) => debug!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            next_ms = event.next_in.map(whole_millis),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "credentials renewed",
        ),
        Event::CredentialsFailed(event) => error!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "credentials not renewed",
        ),
        Event::HealthCheckFailed(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            left_out = left.count(),
            left_out_ms = left.millis(),
            "health check failed",
        ),
        Event::SubscriptionGap(event) => warn!(
            target: TARGET,
            connector = event.connector,
            address = event.address,
            error = event.error,
            missed = event.missed,
            lasted_ms = event.lasted.map(whole_millis),
            left_out = left.count(),
            left_out_ms = left.millis(),
            "subscription has a gap",
        ),
        _ => {}
    }
}
