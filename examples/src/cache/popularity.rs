//! Which user a read asks for: few are asked for often, as Zipf says.

pub(super) const USERS: u32 = 2_000;

/// The shares of the users, added up.
#[derive(Debug)]
pub(super) struct Popularity(Vec<f64>);

impl Popularity {
    pub(super) fn new() -> Self {
        let mut sum = 0.0;
        let sums = (1..=USERS).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Self(sums.collect())
    }

    /// The user of the read of that number: the same in every run.
    pub(super) fn user(&self, number: u32) -> u32 {
        let whole = self.0.last().copied().unwrap_or(1.0);
        let random = fastrand::Rng::with_seed(u64::from(number)).f64() * whole;
        let rank = self.0.partition_point(|&sum| sum < random);
        u32::try_from(rank).unwrap_or(0).min(USERS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_asked_for_as_often_as_zipf_says() {
        let popularity = Popularity::new();
        let users: Vec<u32> = (0..100_000).map(|n| popularity.user(n)).collect();
        let count = |user| users.iter().filter(|&&asked| asked == user).count();
        // An eighth, and half of that.
        assert!((11_000..14_000).contains(&count(0)), "{}", count(0));
        assert!((5_500..7_000).contains(&count(1)), "{}", count(1));
        assert!(users.iter().all(|&user| user < USERS));
    }
}
