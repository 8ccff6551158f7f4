//! A real browser.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use crate::StartError;

/// A real Chromium without a screen, driven by its `chromedriver`: for tests of pages that people look at.
///
/// Both programs have to be on the `PATH`; in Debian they are the packages `chromium` and `chromium-driver`. The driver and all windows end when this value is
/// dropped.
///
/// # Examples
///
/// ```no_run
/// use redis_resilient_testkit::{Look, RealBrowser};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let Some(browser) = RealBrowser::start_or_skip()? else {
///     return Ok(());
/// };
/// let window = browser.open(Look::Desk).await?;
/// window.goto("http://127.0.0.1:8080/").await?;
/// assert_eq!(window.run("return document.title").await?, "The shop");
/// window.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RealBrowser {
    driver: Child,
    port: u16,
}

/// How pages are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Look {
    /// In a window of 1280 by 1000 points.
    Desk,
    /// The same, where dark pages are preferred.
    Dark,
    /// On a phone of 360 by 740 points.
    Phone,
}

/// One window of a [`RealBrowser`].
#[derive(Debug)]
pub struct BrowserWindow(Client);

impl RealBrowser {
    /// Starts the driver.
    ///
    /// # Errors
    ///
    /// [`StartError::NotRunnable`] where there is none, or it does not say where it listens.
    pub fn start() -> Result<Self, StartError> {
        let not_runnable = |reason: String| StartError::NotRunnable {
            program: PathBuf::from("chromedriver"),
            reason,
        };
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                not_runnable(format!(
                    "{error} (Debian: apt-get install chromium chromium-driver)"
                ))
            })?;
        // From here on a failure ends it by dropping this.
        let mut browser = Self { driver, port: 0 };
        let out = browser.driver.stdout.take();
        let mut lines = out.into_iter().flat_map(|out| BufReader::new(out).lines());
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse().ok()
        });
        browser.port = port.ok_or_else(|| not_runnable("it did not say its port".to_owned()))?;
        // Its output is read on: it ends when nobody does.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(browser)
    }

    /// As [`start`](Self::start); where there is none, says so and gives `None`, unless the variable `RR_BROWSER` is `required`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), with `RR_BROWSER=required`.
    pub fn start_or_skip() -> Result<Option<Self>, StartError> {
        let is_required = std::env::var("RR_BROWSER").is_ok_and(|value| value == "required");
        match Self::start() {
            Ok(browser) => Ok(Some(browser)),
            Err(error) if is_required => Err(error),
            Err(error) => {
                println!("skipped, nothing is looked at in a browser: {error}");
                Ok(None)
            }
        }
    }

    /// Opens a window.
    ///
    /// # Errors
    ///
    /// If the driver cannot start its browser.
    pub async fn open(&self, look: Look) -> Result<BrowserWindow, BrowserError> {
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1280,1000",
        ];
        let mut options = Map::new();
        match look {
            Look::Desk => {}
            Look::Dark => arguments.extend([
                "--force-dark-mode",
                "--blink-settings=preferredColorScheme=0",
            ]),
            Look::Phone => {
                let metrics = json!({ "width": 360, "height": 740, "pixelRatio": 1.0 });
                options.insert(
                    "mobileEmulation".into(),
                    json!({ "deviceMetrics": metrics }),
                );
            }
        }
        options.insert("args".into(), json!(arguments));
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".into(), Value::Object(options));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .map_err(|error| BrowserError(error.to_string()))?;
        Ok(BrowserWindow(client))
    }
}

impl Drop for RealBrowser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl BrowserWindow {
    /// Opens a page and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// If the browser cannot load it.
    pub async fn goto(&self, url: &str) -> Result<(), BrowserError> {
        self.0.goto(url).await.map_err(BrowserError::of)
    }

    /// Runs a script in the page; gives what it returns.
    ///
    /// # Errors
    ///
    /// If it throws.
    pub async fn run(&self, script: &str) -> Result<Value, BrowserError> {
        self.0
            .execute(script, Vec::new())
            .await
            .map_err(BrowserError::of)
    }

    /// Runs a script over and over until it returns `true`; gives how long that took, or `None` if it never did within `patience`.
    ///
    /// # Errors
    ///
    /// If it throws.
    pub async fn wait_for(
        &self,
        script: &str,
        patience: Duration,
    ) -> Result<Option<Duration>, BrowserError> {
        let begun = Instant::now();
        while self.run(script).await? != Value::Bool(true) {
            if begun.elapsed() > patience {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Ok(Some(begun.elapsed()))
    }

    /// What is to be seen, as a PNG.
    ///
    /// # Errors
    ///
    /// If the window is gone.
    pub async fn picture(&self) -> Result<Vec<u8>, BrowserError> {
        self.0.screenshot().await.map_err(BrowserError::of)
    }

    /// Closes the window. One that is dropped is closed with the browser.
    ///
    /// # Errors
    ///
    /// If it is gone already.
    pub async fn close(self) -> Result<(), BrowserError> {
        self.0.close().await.map_err(BrowserError::of)
    }
}

/// The browser could not do what it was told.
#[derive(Debug)]
pub struct BrowserError(String);

impl BrowserError {
    #[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
    fn of(error: CmdError) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for BrowserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the browser: {}", self.0)
    }
}

impl std::error::Error for BrowserError {}
