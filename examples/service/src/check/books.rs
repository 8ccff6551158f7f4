//! What Redis has in the end, beside what customers were told.

use std::collections::BTreeMap;

use redis::AsyncCommands as _;

use super::promises::Promises;
use crate::Failure;
use crate::load::Ledger;
use crate::recipes::orders::STREAM;

pub(super) async fn compare(
    ledger: &Ledger,
    url: &str,
    promises: &mut Promises,
) -> Result<(), Failure> {
    let mut redis = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let mut range = redis::cmd("XRANGE");
    range.arg(STREAM).arg("-").arg("+");
    let stream: Vec<(String, BTreeMap<String, u64>)> = range.query_async(&mut redis).await?;
    let (mut found, mut billed) = (BTreeMap::<u64, u32>::new(), BTreeMap::<u64, u64>::new());
    for (_, fields) in &stream {
        let field = |name| fields.get(name).copied().unwrap_or_default();
        *found.entry(field("id")).or_default() += 1;
        *billed.entry(field("customer")).or_default() += field("sum");
    }
    let lost = ledger
        .orders
        .keys()
        .filter(|id| !found.contains_key(id))
        .count();
    let twice = found.values().filter(|times| **times > 1).count();
    let known = |id: &u64| ledger.orders.contains_key(id) || ledger.unsure_orders.contains_key(id);
    let invented = found.keys().filter(|id| !known(id)).count();
    let text = format!(
        "orders: {} accepted, {lost} lost, {twice} twice, {invented} that nobody gave",
        ledger.orders.len()
    );
    promises.held(
        lost + twice + invented == 0 && !ledger.orders.is_empty(),
        text,
    );

    let mut wrong_bills = 0;
    for (customer, sum) in &billed {
        let bill: u64 = redis.get(format!("bill:{customer}")).await?;
        wrong_bills += u32::from(bill != *sum);
    }
    promises.held(
        wrong_bills == 0,
        format!(
            "bills: {} customers, {wrong_bills} with a wrong sum",
            billed.len()
        ),
    );

    let (mut served, mut counted, mut wrong_pages) = (0, 0, 0);
    for (page, views) in &ledger.views {
        let count: u64 = redis.get(format!("views:{page}")).await?;
        let fits = (views.served..=views.served + views.unsure).contains(&count);
        wrong_pages += u32::from(!fits);
        served += views.served;
        counted += count;
    }
    promises.held(
        wrong_pages == 0 && served > 0,
        format!(
            "views: {served} shown, {counted} counted, {wrong_pages} pages with a wrong number"
        ),
    );

    let text = format!(
        "sessions: {} were not what was kept last",
        ledger.sessions_wrong
    );
    promises.held(ledger.sessions_wrong == 0, text);
    let text = format!(
        "users: {} were not as the database has them",
        ledger.users_wrong
    );
    promises.held(ledger.users_wrong == 0, text);
    Ok(())
}
