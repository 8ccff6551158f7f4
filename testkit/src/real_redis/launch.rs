//! The first start of a server.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use super::{RealRedis, RealRedisBuilder, ports::Ports};
use crate::{FaultProxy, ServerProgram, StartError, locate, temp_dir::TempDir, watchdog::Watchdog};

/// How often a start is tried again when another program has taken a port.
const PORT_ATTEMPTS: u32 = 5;

impl RealRedis {
    pub(super) fn launch(builder: &RealRedisBuilder) -> Result<Self, StartError> {
        let mut programs = match (&builder.program, &builder.tls) {
            (Some(program), _) => vec![program.clone()],
            (None, None) => vec![locate::program()?],
            // Not every server is built with it.
            (None, Some(_)) => locate::at_hand()?,
        }
        .into_iter();
        loop {
            let program = programs.next().ok_or_else(no_program)?;
            match Self::launch_program(program, builder.clone()) {
                Err(StartError::Exited { log }) if knows_no_tls(&log) && programs.len() > 0 => {}
                launched => return launched,
            }
        }
    }

    fn launch_program(
        program: ServerProgram,
        builder: RealRedisBuilder,
    ) -> Result<Self, StartError> {
        let dir = TempDir::new().map_err(StartError::io("create a temporary directory"))?;
        let watchdog = Watchdog::over(dir.path());
        let (ports, proxy) = reserve(&builder)?;
        let mut redis = Self {
            program,
            ports: Mutex::new(ports),
            proxy,
            options: builder,
            process: Mutex::new(None),
            watchdog: Arc::new(watchdog.map_err(StartError::io("start the watchdog shell"))?),
            dir,
        };
        if let Some(config) = &redis.options.config {
            fs::write(redis.config_file(), config)
                .map_err(StartError::io("write the server's configuration"))?;
        }
        if let Some(tls) = &redis.options.tls {
            tls.write_to(redis.dir())
                .map_err(StartError::io("write the server's certificate"))?;
        }
        let mut attempts = 1;
        while let Err(error) = redis.restart() {
            if attempts == PORT_ATTEMPTS || !is_port_taken(&error) {
                return Err(error);
            }
            attempts += 1;
            let (ports, proxy) = reserve(&redis.options)?;
            redis.ports = Mutex::new(ports);
            redis.proxy = proxy;
        }
        Ok(redis)
    }
}

/// Ports for a server, and the proxy in front of them if there is to be one.
fn reserve(options: &RealRedisBuilder) -> Result<(Ports, Option<FaultProxy>), StartError> {
    let ports = Ports::reserve(options.cluster_node)?;
    let start = || FaultProxy::to(ports.addr());
    let proxy = options.proxied.then(start).transpose();
    let proxy = proxy.map_err(StartError::io("start a proxy"))?;
    Ok((ports, proxy))
}

fn no_program() -> StartError {
    StartError::NotInstalled {
        reason: "there is no server at hand".into(),
    }
}

/// Whether a server has ended because it was built without TLS.
fn knows_no_tls(log: &str) -> bool {
    log.contains("Failed finding TLS support")
        || (log.contains("Bad directive") && log.contains("tls-"))
}

fn is_port_taken(error: &StartError) -> bool {
    matches!(error, StartError::Exited { log } if log.contains("already in use"))
}
