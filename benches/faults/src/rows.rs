//! All rows.

mod access;
mod network;
mod process;
mod refusals;
mod replies;

use crate::row::Row;

pub(crate) fn all() -> Vec<Row> {
    let mut rows = process::rows();
    rows.extend(network::rows());
    rows.extend(access::rows());
    rows.extend(refusals::rows());
    rows.extend(replies::rows());
    rows
}
