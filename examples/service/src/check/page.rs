//! The console and the panel, as a person sees them in a browser: a window for each.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use redis_resilient_testkit::{BrowserWindow, Look, RealBrowser};

use crate::Failure;

const CARD: &str = r#"document.querySelector('#breakers [data-name="redis"]')"#;
/// A button works at once; the server behind it has to start.
const ANSWERED: Duration = Duration::from_secs(30);

pub(super) struct Page {
    at: SocketAddr,
    browser: RealBrowser,
    console: BrowserWindow,
    panel: BrowserWindow,
}

impl Page {
    /// `None`: there is no browser on this machine, which has been said.
    pub(super) async fn open(at: SocketAddr) -> Result<Option<Self>, Failure> {
        let Some(browser) = RealBrowser::start_or_skip()? else {
            return Ok(None);
        };
        let (console, panel) =
            tokio::try_join!(browser.open(Look::Desk), browser.open(Look::Desk))?;
        console.goto(&format!("http://{at}/resilience")).await?;
        panel.goto(&format!("http://{at}/")).await?;
        Ok(Some(Self {
            at,
            browser,
            console,
            panel,
        }))
    }

    /// How long it takes until the card of the circuit says so.
    pub(super) async fn shows(
        &self,
        state: &str,
        patience: Duration,
    ) -> Result<Option<Duration>, Failure> {
        let script =
            format!("const card = {CARD}; return !!card && card.dataset.state === '{state}'");
        Ok(self.console.wait_for(&script, patience).await?)
    }

    /// Presses a button of the panel, and waits until that is done.
    pub(super) async fn press(&self, what: &str) -> Result<(), Failure> {
        let button = format!("document.querySelector('[data-do=\"{what}\"]')");
        self.panel
            .run(&format!(
                "const button = {button}; delete button.dataset.answered; button.click()"
            ))
            .await?;
        let answered = self
            .panel
            .wait_for(&format!("return !!{button}.dataset.answered"), ANSWERED)
            .await?;
        let answer = self
            .panel
            .run(&format!("return {button}.dataset.answered || 'nothing'"))
            .await?;
        if answered.is_some() && answer == "204" {
            Ok(())
        } else {
            Err(format!("the button {what} was answered with {answer}").into())
        }
    }

    /// How many buttons the console has for nobody in particular, and for whom the panel has made an operator.
    pub(super) async fn buttons(&self) -> Result<(u64, u64), Failure> {
        let count = "return document.querySelectorAll('#breakers button').length";
        let for_nobody = self.console.run(count).await?;
        self.press("operator/ann").await?;
        self.panel
            .goto(&format!("http://{}/resilience", self.at))
            .await?;
        let has_buttons = "return !!document.querySelector('#breakers button')";
        self.panel.wait_for(has_buttons, ANSWERED).await?;
        let for_ann = self.panel.run(count).await?;
        self.panel.goto(&format!("http://{}/", self.at)).await?;
        let number = |count: &serde_json::Value| count.as_u64().unwrap_or_default();
        Ok((number(&for_nobody), number(&for_ann)))
    }

    /// The console as it is now: at a desk, on a phone, and where it is dark; and the panel.
    pub(super) async fn pictures(&self, directory: &Path) -> Result<(), Failure> {
        fs::create_dir_all(directory)?;
        fs::write(
            directory.join("service-panel.png"),
            self.panel.picture().await?,
        )?;
        for (look, name) in [
            (Look::Desk, "service-desk.png"),
            (Look::Phone, "service-phone.png"),
            (Look::Dark, "service-dark.png"),
        ] {
            let window = self.browser.open(look).await?;
            window
                .goto(&format!("http://{}/resilience", self.at))
                .await?;
            let is_there = window
                .wait_for(&format!("return !!{CARD}"), ANSWERED)
                .await?;
            if is_there.is_none() {
                return Err("the console shows no circuit".into());
            }
            fs::write(directory.join(name), window.picture().await?)?;
            window.close().await?;
        }
        Ok(())
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        self.console.close().await?;
        Ok(self.panel.close().await?)
    }
}
