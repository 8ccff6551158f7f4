//! Serves one connection.

use std::{future::pending, io, sync::Arc};

use tokio::{
    io::{AsyncWriteExt, BufReader, copy, sink},
    net::{TcpStream, tcp::WriteHalf},
    time::sleep,
};

use super::{
    ReplyFault, Shared, State,
    commands::{self, Session},
    reply::Reply,
    request::{self, Unreadable},
};
use crate::listener::{Ending, Service};

/// Serves the connections of an embedded server.
#[derive(Debug)]
pub(super) struct Server {
    shared: Arc<Shared>,
}

impl Server {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Service for Server {
    async fn serve(&self, stream: &mut TcpStream, number: u64) -> Ending {
        let (reader, mut writer) = stream.split();
        let mut reader = BufReader::new(reader);
        let mut client = Client::new(number);
        let mut frozen = self.shared.frozen.subscribe();
        loop {
            let command = request::read(&mut reader).await;
            // This fails only without a sender, and `self` holds one.
            let _ = frozen.wait_for(|frozen| !frozen).await;
            let command = match command {
                Ok(command) => command,
                Err(Unreadable::Ended) => return Ending::Close,
                Err(Unreadable::Invalid(error)) => {
                    let _ = writer.write_all(format!("-{error}\r\n").as_bytes()).await;
                    return Ending::Close;
                }
            };
            let outcome = client.execute(&mut self.shared.state(), &command);
            let answered = tokio::select! {
                answered = answer(&mut writer, &outcome) => answered,
                () = abandoned(&mut reader), if outcome.fault == Some(ReplyFault::Hang) => {
                    return Ending::Close;
                }
            };
            match answered {
                Ok(None) => {}
                Ok(Some(ending)) => return ending,
                Err(_) => return Ending::Reset,
            }
        }
    }
}

/// Waits until the client gives up.
async fn abandoned<R: tokio::io::AsyncBufRead + Unpin>(reader: &mut R) {
    let _ = copy(reader, &mut sink()).await;
}

/// What becomes of a command.
struct Outcome {
    fault: Option<ReplyFault>,
    reply: Vec<u8>,
}

/// The other side of a connection.
struct Client {
    session: Session,
    /// Which entries of the journal wait for `EXEC`.
    queued: Vec<usize>,
}

impl Client {
    fn new(number: u64) -> Self {
        Self {
            session: Session::new(number),
            queued: Vec::new(),
        }
    }

    /// Executes a command, unless it meets a fault that prevents it.
    fn execute(&mut self, state: &mut State, command: &[Vec<u8>]) -> Outcome {
        let name = commands::name(command);
        if commands::is_handshake(&name) {
            return Outcome {
                fault: None,
                reply: self.run(state, command).1,
            };
        }
        let entry = state.journal.receive(&name, &command[1..]);
        let fault = state.faults.take(&name);
        if let Some(ReplyFault::Error(_) | ReplyFault::Hang | ReplyFault::CloseBefore) = fault {
            let reply = Vec::new();
            return Outcome { fault, reply };
        }
        let is_queued = self.session.queues(&name);
        let (answer, reply) = self.run(state, command);
        if is_queued {
            self.queued.push(entry);
        } else {
            if name == "EXEC" && matches!(answer, Reply::Array(_)) {
                let queued = self.queued.drain(..);
                queued.for_each(|entry| state.journal.execute(entry));
            }
            if !self.session.is_in_transaction() {
                self.queued.clear();
            }
            state.journal.execute(entry);
        }
        Outcome { fault, reply }
    }

    fn run(&mut self, state: &mut State, command: &[Vec<u8>]) -> (Reply, Vec<u8>) {
        let answer = commands::execute(&mut state.databases, &mut self.session, command);
        let reply = answer.encode(self.session.protocol());
        (answer, reply)
    }
}

/// Writes the reply as far as the fault allows; returns how the connection is to end, if it is.
async fn answer(writer: &mut WriteHalf<'_>, outcome: &Outcome) -> io::Result<Option<Ending>> {
    let reply = &outcome.reply;
    match outcome.fault {
        None => writer.write_all(reply).await?,
        Some(ReplyFault::Error(error)) => {
            writer.write_all(format!("-{error}\r\n").as_bytes()).await?;
        }
        Some(ReplyFault::Hang) => pending().await,
        Some(ReplyFault::CloseBefore | ReplyFault::CloseAfter) => return Ok(Some(Ending::Close)),
        Some(ReplyFault::ResetAfter) => return Ok(Some(Ending::Reset)),
        Some(ReplyFault::HalfReply) => {
            writer.write_all(&reply[..reply.len() / 2]).await?;
            return Ok(Some(Ending::Close));
        }
        Some(ReplyFault::Delay(delay)) => {
            sleep(delay).await;
            writer.write_all(reply).await?;
        }
    }
    Ok(None)
}
