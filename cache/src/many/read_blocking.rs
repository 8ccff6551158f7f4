//! Many keys in synchronous code.

use redis_resilient_runtime::__seam::block_on;
use redis_resilient_runtime::__seam::clock::now;

use super::{Batch, Loaded};
use crate::codec::Codec;
use crate::held::Held;
use crate::key::Key;
use crate::missed::Read;
use crate::room::{Room, enter_blocking};
use crate::state::{Lifetime, Look, State};
use crate::time_left::Caller;

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// As `read_many`, by blocking the thread.
    pub(crate) fn read_many_blocking<E, L, F>(
        &self,
        keys: &[Key],
        read: &Read<E, L>,
        room: Option<Room<E>>,
        mut loader: F,
    ) -> Result<Vec<Option<T>>, E>
    where
        E: Clone + 'static,
        L: Fn(&T) -> Lifetime,
        F: FnMut(Vec<usize>) -> Result<Loaded<T>, E>,
    {
        let (mut batch, far) = self.near_of(keys);
        let caller = Caller::begins(read.refuse);
        let looks = self.look_many_blocking(&batch, &far);
        self.looked(&mut batch, looks);
        let mut is_told = caller.is_told();
        let lease = self.settings.lease;
        while !batch.is_over() {
            self.enter_all(&mut batch)?;
            self.end_all(&mut batch, &caller, &mut is_told)?;
            let claiming = batch.claiming();
            if !claiming.is_empty() {
                let claims = Held::claim_many_blocking(&self.way, &claiming, lease);
                self.claimed_all(&mut batch, claims);
            }
            if let Some(loads) = batch.loading() {
                let begun = now();
                let result = match enter_blocking(room, loads.patience(read)) {
                    Ok(permit) => {
                        let result = loader(loads.places());
                        drop(permit);
                        result
                    }
                    Err(error) => Err(error),
                };
                let took = now().saturating_duration_since(begun);
                self.loaded_all(&mut batch, loads, read, result, took)?;
            } else if !batch.is_over() {
                let patience = batch.patience(lease, &caller);
                // If nothing is over by then, it has taken too long.
                let _ = block_on(batch.joined(), patience);
                batch.overdue(lease);
            }
        }
        Ok(self.give_all(batch))
    }

    pub(crate) fn fresh_many_blocking(&self, keys: &[Key]) -> Vec<Option<T>> {
        let (mut batch, far) = self.near_of(keys);
        let looks = self.look_many_blocking(&batch, &far);
        batch.found(looks);
        self.give_all(batch)
    }

    fn look_many_blocking(&self, batch: &Batch<'_, T>, far: &[usize]) -> Vec<(usize, Look<T>)> {
        let asked = self.askable(batch, far);
        let keys: Vec<_> = asked.iter().map(|(place, _)| batch.key(*place)).collect();
        let replies = self.way.get_many_blocking(&keys, self.asks_age());
        self.replied(batch, far, asked, replies)
    }
}
