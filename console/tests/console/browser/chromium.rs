//! Chromium, driven by its own driver.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

/// The driver, for as long as it is held.
#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    port: u16,
}

/// How a browser looks at pages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    Desk,
    Dark,
    Phone,
}

/// How wide and high a phone is.
pub(super) const PHONE: (u32, u32) = (360, 740);

/// One window.
#[derive(Debug)]
pub(super) struct Browser(Client);

impl Driver {
    /// `None`: there is none on this machine.
    pub(super) fn start() -> Option<Self> {
        let process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = process else {
            let is_required = std::env::var("RR_BROWSER").is_ok_and(|value| value == "required");
            assert!(!is_required, "there is no chromedriver");
            println!(
                "there is no chromedriver: the page is not looked at (Debian: apt-get install chromium chromium-driver)"
            );
            return None;
        };
        let out = process.stdout.take().expect("it was asked for");
        let mut lines = BufReader::new(out).lines();
        let port = loop {
            let line = lines
                .next()
                .expect("it says its port")
                .expect("it can be read");
            let port = line.split("started successfully on port ").nth(1);
            if let Some(port) = port.and_then(|port| port.trim_end_matches('.').parse().ok()) {
                break port;
            }
        };
        // Its output is read on: it ends when nobody does.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, port })
    }

    pub(super) async fn open(&self, look: Look) -> Browser {
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
                let (width, height) = PHONE;
                let metrics = json!({ "width": width, "height": height, "pixelRatio": 1.0 });
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
            .await;
        Browser(client.expect("a browser"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    pub(super) async fn goto(&self, url: &str) {
        self.0.goto(url).await.expect("a page");
    }

    /// Runs this in the page.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.0.execute(script, Vec::new()).await.expect("it runs")
    }

    pub(super) async fn picture(&self) -> Vec<u8> {
        self.0.screenshot().await.expect("a picture")
    }

    pub(super) async fn close(self) {
        self.0.close().await.expect("it closes");
    }
}
