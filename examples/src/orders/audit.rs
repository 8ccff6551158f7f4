//! What Redis has in the end.

use redis::{Commands, Connection, RedisResult};

use super::customers::{CUSTOMERS, id};
use super::line::Order;
use super::shop::key;

/// The orders of all customers.
#[derive(Debug, Default)]
pub(super) struct InRedis {
    /// As in the ledger.
    pub(super) orders: Vec<u32>,
    /// Those that stand behind a later one of their customer.
    pub(super) out_of_order: usize,
}

impl InRedis {
    /// Blocks.
    pub(super) fn read(connection: &mut Connection) -> RedisResult<Self> {
        let mut all = Self::default();
        for customer in 0..CUSTOMERS {
            let numbers: Vec<u32> = connection.lrange(key(customer), 0, -1)?;
            all.add(customer, &numbers);
        }
        Ok(all)
    }

    fn add(&mut self, customer: u32, numbers: &[u32]) {
        let ids = numbers.iter().map(|&number| id(Order { customer, number }));
        self.orders.extend(ids);
        let mut latest = 0;
        for &number in numbers {
            self.out_of_order += usize::from(number < latest);
            latest = latest.max(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_each_customer() {
        let mut all = InRedis::default();
        all.add(0, &[1, 2, 2, 3]);
        assert_eq!(all.out_of_order, 0, "doubled, and in order");
        all.add(1, &[1, 5, 2, 3, 6]);
        assert_eq!(all.out_of_order, 2, "2 and 3");
        assert_eq!(all.orders.len(), 9);
        assert_ne!(all.orders[0], all.orders[4], "of another customer");
    }
}
