//! The way of the replies through the proxy.

use std::{collections::VecDeque, io};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::tcp::WriteHalf,
    time::{Instant, sleep_until},
};

use super::{
    fault::ReplyCut,
    framer::Framer,
    link::{CHUNK, Gate},
};
use crate::listener::Ending;

/// Forwards replies from the server to the client, late or in part where a fault says so.
pub(super) struct Replies<'a, R> {
    from_server: R,
    to_client: WriteHalf<'a>,
    gate: &'a Gate,
    framer: Framer,
    cut: Cut,
    queue: VecDeque<(Instant, Piece)>,
}

enum Piece {
    Bytes(Vec<u8>),
    End(Ending),
}

/// What becomes of the reply that is passing.
#[derive(Clone, Copy)]
enum Cut {
    Pass,
    Drop,
    EndAfter(usize, Ending),
    ReplaceBy(&'static [u8]),
    FollowBy(&'static [u8]),
}

impl From<ReplyCut> for Cut {
    fn from(cut: ReplyCut) -> Self {
        match cut {
            ReplyCut::Drop => Self::Drop,
            ReplyCut::CloseAfter(length) => Self::EndAfter(length, Ending::Close),
            ReplyCut::ResetAfter(length) => Self::EndAfter(length, Ending::Reset),
            ReplyCut::ReplaceBy(bytes) => Self::ReplaceBy(bytes),
            ReplyCut::FollowBy(bytes) => Self::FollowBy(bytes),
        }
    }
}

impl<'a, R: AsyncRead + Unpin> Replies<'a, R> {
    pub(super) fn new(from_server: R, to_client: WriteHalf<'a>, gate: &'a Gate) -> Self {
        Self {
            from_server,
            to_client,
            gate,
            framer: Framer::default(),
            cut: Cut::Pass,
            queue: VecDeque::new(),
        }
    }

    /// Returns how the client's connection is to end, once it is.
    pub(super) async fn forward(mut self) -> io::Result<Ending> {
        let mut chunk = vec![0; CHUNK];
        let mut is_ending = false;
        loop {
            let due = self.queue.front().map(|(due, _)| *due);
            tokio::select! {
                biased;
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.gate.open().await;
                    match self.queue.pop_front() {
                        Some((_, Piece::Bytes(bytes))) => self.to_client.write_all(&bytes).await?,
                        Some((_, Piece::End(ending))) => return Ok(ending),
                        None => {}
                    }
                }
                length = self.from_server.read(&mut chunk), if !is_ending => {
                    is_ending = match length {
                        Ok(0) => self.enqueue(Piece::End(Ending::Close)),
                        Ok(length) => self.take_in(&chunk[..length]),
                        Err(_) => self.enqueue(Piece::End(Ending::Reset)),
                    };
                }
            }
        }
    }

    /// Queues what is to pass of `chunk`; true if the connection ends with it.
    fn take_in(&mut self, mut chunk: &[u8]) -> bool {
        if self.gate.is_replica() {
            return self.enqueue(Piece::Bytes(chunk.to_vec()));
        }
        let mut passing = Vec::with_capacity(chunk.len());
        let mut ending = None;
        while !chunk.is_empty() && ending.is_none() {
            if self.framer.at_start() {
                self.cut = self.choose_cut(chunk[0]);
            }
            let (length, is_last) = self.framer.advance(chunk);
            let part = &chunk[..length];
            chunk = &chunk[length..];
            match &mut self.cut {
                Cut::Pass => passing.extend_from_slice(part),
                Cut::Drop => {}
                Cut::ReplaceBy(bytes) => {
                    if is_last {
                        passing.extend_from_slice(bytes);
                    }
                }
                Cut::FollowBy(bytes) => {
                    passing.extend_from_slice(part);
                    if is_last {
                        passing.extend_from_slice(bytes);
                    }
                }
                Cut::EndAfter(left, how) => {
                    let kept = length.min(*left);
                    passing.extend_from_slice(&part[..kept]);
                    *left -= kept;
                    if *left == 0 || is_last {
                        ending = Some(*how);
                    }
                }
            }
        }
        if !passing.is_empty() {
            self.enqueue(Piece::Bytes(passing));
        }
        ending.is_some_and(|how| self.enqueue(Piece::End(how)))
    }

    fn choose_cut(&self, kind: u8) -> Cut {
        // Pushed messages answer no command.
        if kind == b'>' {
            return Cut::Pass;
        }
        let is_own_account = self.gate.questions.answered();
        let mut chosen = None;
        self.gate.plan.send_if_modified(|plan| {
            chosen = plan.next_cut(is_own_account);
            false
        });
        chosen.map_or(Cut::Pass, Cut::from)
    }

    /// Queues a piece; true if it ends the connection.
    fn enqueue(&mut self, piece: Piece) -> bool {
        let is_end = matches!(piece, Piece::End(_));
        if let (Some(each), Piece::Bytes(bytes)) = (self.gate.trickle(), &piece) {
            let now = Instant::now();
            let mut due = self.queue.back().map_or(now, |(due, _)| now.max(*due));
            for byte in bytes {
                due += each;
                self.queue.push_back((due, Piece::Bytes(vec![*byte])));
            }
            return is_end;
        }
        let delay = self.gate.delay();
        self.queue.push_back((Instant::now() + delay, piece));
        is_end
    }
}
