//! What goes wrong meanwhile: replies are lost, connections reset and held up, the server frozen, and restarted empty.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use redis_resilient_testkit::{ReplyCut, WireFault};

use crate::world::World;

/// Until `is_over`, something every few milliseconds. Gives how often what happened: replies lost, resets, black holes, freezes, restarts.
pub(crate) fn strike(world: &Arc<World>, mut random: Rng, is_over: &AtomicBool) -> [u32; 5] {
    let mut counts = [0; 5];
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(random.u64(2..40)));
        let what = match random.u32(..200) {
            ..120 => 0,
            120..165 => 1,
            165..190 => 2,
            190..198 => 3,
            _ => 4,
        };
        let (server, proxy) = (&world.server, &world.proxy);
        match what {
            0 => {
                for _ in 0..random.u32(1..4) {
                    proxy.next_reply(ReplyCut::CloseAfter(0));
                }
            }
            1 => proxy.reset_connections(),
            2 => {
                // What is held up goes through in the end: late, after others have had their say.
                proxy.set(if random.bool() {
                    WireFault::BlackHole
                } else {
                    WireFault::BlackHoleExisting
                });
                std::thread::sleep(Duration::from_millis(random.u64(20..150)));
                proxy.pass();
            }
            3 => {
                server.freeze();
                std::thread::sleep(Duration::from_millis(random.u64(20..150)));
                server.thaw();
            }
            _ => {
                server.kill();
                server.restart().expect("the server starts again");
            }
        }
        counts[what] += 1;
    }
    world.proxy.pass();
    counts
}
