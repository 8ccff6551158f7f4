//! A model's atomics belong to one execution of it and are not `const`; ours are made in `const fn`s. So they are made at first use, which
//! has to be before the threads are spawned that share them.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::OnceLock;

#[cfg(rr_loom)]
use loom::sync::atomic;
#[cfg(not(rr_loom))]
use shuttle::sync::atomic;

macro_rules! late {
    ($($name:ident of $value:ty),*) => {$(
        #[derive(Debug)]
        pub(crate) struct $name {
            initial: $value,
            // Nothing to drop, so that a `const fn` may put another in its place.
            made: ManuallyDrop<OnceLock<atomic::$name>>,
        }

        impl $name {
            pub(crate) const fn new(initial: $value) -> Self {
                Self {
                    initial,
                    made: ManuallyDrop::new(OnceLock::new()),
                }
            }
        }

        impl Deref for $name {
            type Target = atomic::$name;

            fn deref(&self) -> &Self::Target {
                self.made.get_or_init(|| atomic::$name::new(self.initial))
            }
        }
    )*};
}

late!(AtomicU64 of u64);
