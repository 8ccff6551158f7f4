//! Lines about connections.

use super::{LeftOut, log_line};
use crate::clock::whole_millis;
use crate::event::Event;

pub(super) fn write(event: &Event<'_>, left: LeftOut) {
    match event {
        Event::Connected(event) => {
            let took_ms = whole_millis(event.took);
            let (connector, address) = (event.connector, event.address);
            if event.again {
                log_line!(info, left, {
                    connector,
                    address,
                    took_ms,
                }, "connected again");
            } else {
                log_line!(debug, left, {
                    connector,
                    address,
                    took_ms,
                }, "connected");
            }
        }
        Event::ConnectFailed(event) => log_line!(warn, left, {
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
        }, "cannot connect"),
        Event::ConnectionLost(event) => log_line!(warn, left, {
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
        }, "connection lost"),
        Event::PrimaryMoved(event) => log_line!(warn, left, {
            connector = event.connector,
            from = event.from,
            to = event.to,
        }, "primary moved"),
        Event::CredentialsRenewed(event) => log_line!(debug, left, {
            connector = event.connector,
            address = event.address,
            next_ms = event.next_in.map(whole_millis),
        }, "credentials renewed"),
        Event::CredentialsFailed(event) => log_line!(error, left, {
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
            retry_after_ms = event.retry_after.map(whole_millis),
        }, "credentials not renewed"),
        Event::HealthCheckFailed(event) => log_line!(warn, left, {
            connector = event.connector,
            address = event.address,
            class = event.class.label(),
            error = event.error,
        }, "health check failed"),
        Event::SubscriptionGap(event) => log_line!(warn, left, {
            connector = event.connector,
            address = event.address,
            error = event.error,
            missed = event.missed,
            lasted_ms = event.lasted.map(whole_millis),
        }, "subscription has a gap"),
        _ => {}
    }
}
