//! What is asked of the thread that talks with NATS.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::cursor::Cursor;
use super::record::Dead;
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::keeper::{Kept, Promise};
use crate::waiting::Room;

/// What is asked of it.
#[derive(Debug)]
pub(super) enum Order {
    Append(Vec<Entry>, Room, Promise<()>),
    Read(Arc<Mutex<Cursor>>, usize, Promise<Vec<Kept>>),
    Finish(Vec<u64>, Promise<()>),
    Bury(Dead, Promise<()>),
    Exhume(Arc<DeadLetter>, u64, Option<Room>, Promise<()>),
    Lead(Promise<bool>),
    Rest,
    Close(Promise<()>),
}
