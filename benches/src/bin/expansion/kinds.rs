//! The functions, as they are written a hundred times over in services.

/// One kind of function. In its text `NAME` is replaced.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) attribute: &'static str,
    pub(crate) body: &'static str,
}

impl Kind {
    pub(crate) fn is_async(&self) -> bool {
        self.name.starts_with("async")
    }

    /// The function with this number.
    pub(crate) fn function(&self, number: usize, resilient: bool) -> String {
        let attribute = if resilient { self.attribute } else { "" };
        let (keyword, connection) = if self.is_async() {
            ("async ", "MultiplexedConnection")
        } else {
            ("", "Connection")
        };
        let body = self.body.replace("NAME", &format!("name:{number}"));
        format!(
            "{attribute}\npub {keyword}fn f{number}(conn: &mut {connection}, id: u64) -> RedisResult<Option<String>> {{\n    {body}\n}}\n"
        )
    }
}

const GET: &str = "conn.get(format!(\"NAME:{id}\")).await";
const SYNC_GET: &str = "conn.get(format!(\"NAME:{id}\"))";
const TWO: &str = "let key: Option<String> = conn.hget(\"NAME\", id).await?;
    match key {
        None => Ok(None),
        Some(key) => conn.get_ex(key, redis::Expiry::EX(60)).await,
    }";
const SYNC_TWO: &str = "let key: Option<String> = conn.hget(\"NAME\", id)?;
    match key {
        None => Ok(None),
        Some(key) => conn.get_ex(key, redis::Expiry::EX(60)),
    }";
const PIPE: &str = "let (value, _): (Option<String>, u64) = redis::pipe()
        .get(format!(\"NAME:{id}\"))
        .incr(\"NAME:reads\", 1)
        .query_async(conn)
        .await?;
    Ok(value)";

pub(crate) const KINDS: [Kind; 12] = [
    Kind {
        name: "async",
        attribute: "#[redis_resilient]",
        body: GET,
    },
    Kind {
        name: "async with a breaker of its own",
        attribute: "#[redis_resilient(retries = 2, breaker = SESSIONS)]",
        body: TWO,
    },
    Kind {
        name: "async with a fallback",
        attribute: "#[redis_resilient(fallback = other)]",
        body: GET,
    },
    Kind {
        name: "async with a plain fallback",
        attribute: "#[redis_resilient(timeout = \"250ms\", fallback = Ok(None))]",
        body: PIPE,
    },
    Kind {
        name: "async with a list of fallbacks",
        attribute: "#[redis_resilient(breaker = SESSIONS, fallback = [|error| Err(error), other, Ok(None)])]",
        body: GET,
    },
    Kind {
        name: "async with a deadline",
        attribute: "#[redis_resilient(delay = \"10ms\", deadline = \"2s\")]",
        body: TWO,
    },
    Kind {
        name: "async without breaker and timeout",
        attribute: "#[redis_resilient(breaker = false, timeout = false)]",
        body: GET,
    },
    Kind {
        name: "sync",
        attribute: "#[redis_resilient]",
        body: SYNC_GET,
    },
    Kind {
        name: "sync with a breaker of its own",
        attribute: "#[redis_resilient(breaker = SESSIONS)]",
        body: SYNC_TWO,
    },
    Kind {
        name: "sync with a fallback",
        attribute: "#[redis_resilient(fallback = sync_other)]",
        body: SYNC_GET,
    },
    Kind {
        name: "sync with a deadline",
        attribute: "#[redis_resilient(deadline = \"2s\", fallback = Ok(None))]",
        body: SYNC_TWO,
    },
    Kind {
        name: "sync without breaker",
        attribute: "#[redis_resilient(breaker = false)]",
        body: SYNC_GET,
    },
];
