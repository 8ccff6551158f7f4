//! Commands about the connection and the server.

use super::{
    Answer, Command, Context, DATABASES, SYNTAX,
    parse::{integer, integer_arg},
    wrong_arity,
};
use crate::embedded::reply::{Protocol, Reply};

pub(super) const COMMANDS: &[Command] = &[
    Command::new("PING", -1, ping),
    Command::new("ECHO", 2, |_, args| Ok(Reply::bulk(args[0].clone()))),
    Command::new("SELECT", 2, select),
    Command::new("AUTH", -2, auth),
    Command::new("HELLO", -1, hello),
    Command::new("CLIENT", -2, client),
    Command::new("COMMAND", -1, |_, _| Ok(Reply::Array(Vec::new()))),
    Command::new("INFO", -1, |_, _| Ok(Reply::bulk(INFO))),
];

/// The version of Redis whose behaviour this is.
const VERSION: &str = "7.0.15";
const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n\r\n\
                    # Persistence\r\nloading:0\r\n\r\n# Replication\r\nrole:master\r\n";

/// What the server remembers about a connection.
#[derive(Debug)]
pub(in crate::embedded) struct Session {
    id: u64,
    name: Vec<u8>,
    protocol: Protocol,
    pub(super) database: usize,
    pub(super) transaction: Option<super::transactions::Transaction>,
}

impl Session {
    /// The session of the connection with this number.
    pub(in crate::embedded) fn new(number: u64) -> Self {
        Self {
            id: number + 1,
            name: Vec::new(),
            protocol: Protocol::default(),
            database: 0,
            transaction: None,
        }
    }

    pub(in crate::embedded) fn protocol(&self) -> Protocol {
        self.protocol
    }
}

fn ping(_: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    match args {
        [] => Ok(Reply::Status("PONG")),
        [text] => Ok(Reply::bulk(text.clone())),
        _ => Err(wrong_arity("ping")),
    }
}

fn select(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let index = integer_arg(&args[0])?;
    let index = usize::try_from(index)
        .ok()
        .filter(|index| *index < DATABASES);
    context.session.database = index.ok_or("ERR DB index is out of range")?;
    Ok(Reply::OK)
}

fn auth(_: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    match args {
        [_] => Err(
            "ERR AUTH <password> called without any password configured for the default \
                    user. Are you sure your configuration is correct?"
                .into(),
        ),
        [user, _] => check_user(user).map(|()| Reply::OK),
        _ => Err(SYNTAX.into()),
    }
}

/// There is one user, without a password.
fn check_user(user: &[u8]) -> Result<(), String> {
    if user == b"default" {
        Ok(())
    } else {
        Err("WRONGPASS invalid username-password pair or user is disabled.".into())
    }
}

fn hello(context: &mut Context<'_>, mut args: &[Vec<u8>]) -> Answer {
    let mut protocol = context.session.protocol;
    let mut name = None;
    if let [version, options @ ..] = args {
        protocol = match integer(version) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err("NOPROTO unsupported protocol version".into()),
            None => return Err("ERR Protocol version is not an integer or out of range".into()),
        };
        args = options;
    }
    while let [option, values @ ..] = args {
        args = match (option.to_ascii_uppercase().as_slice(), values) {
            (b"AUTH", [user, _, rest @ ..]) => {
                check_user(user)?;
                rest
            }
            (b"SETNAME", [new, rest @ ..]) => {
                name = Some(new.clone());
                rest
            }
            _ => {
                let option = String::from_utf8_lossy(option);
                return Err(format!("ERR Syntax error in HELLO option '{option}'"));
            }
        };
    }
    let session = &mut *context.session;
    session.protocol = protocol;
    session.name = name.unwrap_or(std::mem::take(&mut session.name));
    let entry = |key: &str, value| (Reply::bulk(key), value);
    Ok(Reply::Map(vec![
        entry("server", Reply::bulk("redis")),
        entry("version", Reply::bulk(VERSION)),
        entry(
            "proto",
            Reply::Integer(if protocol == Protocol::Resp3 { 3 } else { 2 }),
        ),
        entry("id", Reply::Integer(session.id.cast_signed())),
        entry("mode", Reply::bulk("standalone")),
        entry("role", Reply::bulk("master")),
        entry("modules", Reply::Array(Vec::new())),
    ]))
}

fn client(context: &mut Context<'_>, args: &[Vec<u8>]) -> Answer {
    let session = &mut *context.session;
    match (args[0].to_ascii_uppercase().as_slice(), &args[1..]) {
        (b"ID", []) => Ok(Reply::Integer(session.id.cast_signed())),
        (b"GETNAME", []) => {
            let name = Some(session.name.clone()).filter(|name| !name.is_empty());
            Ok(Reply::bulk_or_null(name))
        }
        (b"SETNAME", [name]) => {
            session.name.clone_from(name);
            Ok(Reply::OK)
        }
        (b"SETINFO", [_, _]) | (b"NO-EVICT" | b"NO-TOUCH", [_]) => Ok(Reply::OK),
        (name @ (b"ID" | b"GETNAME" | b"SETNAME" | b"SETINFO" | b"NO-EVICT" | b"NO-TOUCH"), _) => {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            Err(wrong_arity(&format!("client|{name}")))
        }
        _ => {
            let name = String::from_utf8_lossy(&args[0]);
            Err(format!("ERR unknown subcommand '{name}'. Try CLIENT HELP."))
        }
    }
}
