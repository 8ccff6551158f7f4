//! A walk over what waits in the stream.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use super::cursor::Cursor;
use super::order::Order;
use crate::keeper::{Acknowledgement, Kept, Pass};

/// The end of a walk that its owner has: the rest is where the connection is.
#[derive(Debug)]
pub(super) struct Walk {
    orders: mpsc::UnboundedSender<Order>,
    cursor: Arc<Mutex<Cursor>>,
}

impl Walk {
    pub(super) fn new(orders: mpsc::UnboundedSender<Order>) -> Self {
        Self {
            orders,
            cursor: Arc::default(),
        }
    }
}

impl Pass for Walk {
    fn next(&mut self, most: usize) -> Acknowledgement<Vec<Kept>> {
        let (promise, acknowledgement) = Acknowledgement::later();
        let _ = self
            .orders
            .send(Order::Read(self.cursor.clone(), most, promise));
        acknowledgement
    }
}
