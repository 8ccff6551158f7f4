//! Many keys in asynchronous code.

use std::pin::pin;

use redis_resilient_runtime::__seam::clock::now;

use super::{Batch, Loaded};
use crate::codec::Codec;
use crate::held::Held;
use crate::key::Key;
use crate::missed::Read;
use crate::read::{after, before};
use crate::room::{Room, enter};
use crate::state::{Lifetime, Look, State};
use crate::time_left::Caller;

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The values of those keys, each of which is there once: from Redis, else from `loader`, which is given the places of those that nobody else
    /// loads. It is run once; and again for keys that another has tried to load, and has not.
    pub(crate) async fn read_many<E, L, F, Fut>(
        &self,
        keys: &[Key],
        read: &Read<E, L>,
        room: Option<Room<E>>,
        mut loader: F,
    ) -> Result<Vec<Option<T>>, E>
    where
        E: Clone + 'static,
        L: Fn(&T) -> Lifetime,
        F: FnMut(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Loaded<T>, E>>,
    {
        let (mut batch, far) = self.near_of(keys);
        let caller = Caller::begins(read.refuse);
        let looks = self.look_many(&batch, &far).await;
        self.looked(&mut batch, looks);
        let mut is_told = caller.is_told();
        let lease = self.settings.lease;
        while !batch.is_over() {
            self.enter_all(&mut batch)?;
            self.end_all(&mut batch, &caller, &mut is_told)?;
            let claiming = batch.claiming();
            if !claiming.is_empty() {
                let claims = Held::claim_many(&self.way, &claiming, lease).await;
                self.claimed_all(&mut batch, claims);
            }
            if let Some(loads) = batch.loading() {
                let begun = now();
                let load = async {
                    let _permit = enter(room, loads.patience(read)).await?;
                    loader(loads.places()).await
                };
                let over = pin!(after(loads.left(&caller)));
                let Some(result) = before(over, load).await else {
                    batch.misses.extend(loads.into_misses());
                    continue;
                };
                let took = now().saturating_duration_since(begun);
                self.loaded_all(&mut batch, loads, read, result, took)?;
            } else if !batch.is_over() {
                let patience = batch.patience(lease, &caller);
                // If nothing is over by then, it has taken too long.
                let _ = tokio::time::timeout(patience, batch.joined()).await;
                batch.overdue(lease);
            }
        }
        Ok(self.give_all(batch))
    }

    /// What this process or Redis has of those keys, as far as it is fresh.
    pub(crate) async fn fresh_many(&self, keys: &[Key]) -> Vec<Option<T>> {
        let (mut batch, far) = self.near_of(keys);
        let looks = self.look_many(&batch, &far).await;
        batch.found(looks);
        self.give_all(batch)
    }

    /// Asks Redis.
    async fn look_many(&self, batch: &Batch<'_, T>, far: &[usize]) -> Vec<(usize, Look<T>)> {
        let asked = self.askable(batch, far);
        let keys: Vec<_> = asked.iter().map(|(place, _)| batch.key(*place)).collect();
        let replies = self.way.get_many(&keys, self.asks_age()).await;
        self.replied(batch, far, asked, replies)
    }
}
