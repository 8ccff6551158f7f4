//! Which of the servers that Sentinels watch is spoken to.

/// Which server to connect to, of those that Sentinels watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The primary: it has the latest data and accepts writes.
    #[default]
    Primary,
    /// A replica, for reads: its data may be stale.
    ///
    /// Each new connection chooses a replica at random among those that at least half of the Sentinels consider healthy, preferring those with a link
    /// to their primary. It is kept while it stays one of them, and given up at the next health check after it has become the primary. If no replica
    /// can be reached, the connection goes to the primary.
    ///
    /// `XREAD BLOCK 0` on a replica is not woken by entries that come with a full resync, only by the next one (seen with Redis 8.2.3 and Valkey
    /// 9.1.2, `findings/replica-load-wakes-no-reader.sh`): read with a `BLOCK` that ends, and ask again.
    ///
    /// The `READONLY` of a write that was sent to a replica is [`Permanent`](redis_resilient_runtime::Class::Permanent).
    Replica,
}

impl Role {
    /// The name it had before.
    #[doc(hidden)]
    #[deprecated(note = "`Role::Primary`")]
    #[expect(non_upper_case_globals, reason = "it was a variant")]
    pub const Master: Self = Self::Primary;
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    #[expect(deprecated, reason = "it is what is tested")]
    fn the_former_name_of_the_primary_still_compiles() {
        assert!(matches!(Role::default(), Role::Master));
        assert_eq!(Role::Master, Role::Primary);
    }
}
