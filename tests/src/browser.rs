//! A real Chromium, driven over chromedriver's WebDriver protocol: opens pages, asks their scripts,
//! takes pictures, and brings what its console said.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};

use crate::{House, Process, port, wait};

/// Starting a browser on a busy machine takes its time.
const WITHIN: Duration = Duration::from_secs(60);

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    base: String,
    session: String,
    _driver: Process,
}

impl Browser {
    /// Starts one with an empty profile in the house's folder.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House) -> Self {
        let port = port::free();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let driver = house.start("chromedriver", command);
        wait::until("chromedriver answers", WITHIN, || port::answers(port).then_some(()));
        let base = format!("http://127.0.0.1:{port}");
        let profile = house.path("profile");
        let options = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars", format!("--user-data-dir={}", profile.display()),
            ]},
        }}});
        let answer = call(&format!("{base}/session"), Some(&options)).expect("a browser starts");
        let session = answer["sessionId"].as_str().expect("a session has an id").to_owned();
        Self { base, session, _driver: driver }
    }

    /// Opens a page and waits until it is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    /// Makes the window so large, as a phone or a screen would be.
    #[track_caller]
    pub fn size(&self, width: u32, height: u32) {
        self.post(
            "goog/cdp/execute",
            &json!({"cmd": "Emulation.setDeviceMetricsOverride", "params":
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}}),
        );
    }

    /// Light or dark, as the reader's system asks.
    #[track_caller]
    pub fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.post(
            "goog/cdp/execute",
            &json!({"cmd": "Emulation.setEmulatedMedia", "params":
            {"features": [{"name": "prefers-color-scheme", "value": value}]}}),
        );
    }

    /// What a script of the page gives back.
    #[track_caller]
    #[must_use]
    pub fn ask(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({"script": format!("return {script}"), "args": []}))
    }

    /// A picture of the window, as PNG.
    #[track_caller]
    #[must_use]
    pub fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let answer = call(&format!("{}/session/{}/screenshot", self.base, self.session), None).expect("a picture");
        let text = answer.as_str().expect("a picture is text");
        base64::engine::general_purpose::STANDARD.decode(text).expect("a picture is base64")
    }

    /// What the console said since the last time: errors, refusals of the content policy.
    #[track_caller]
    #[must_use]
    pub fn console(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| format!("{}: {}", entry["level"], entry["message"])).collect()
    }

    #[track_caller]
    fn post(&self, what: &str, body: &Value) -> Value {
        let url = format!("{}/session/{}/{what}", self.base, self.session);
        call(&url, Some(body)).unwrap_or_else(|error| panic!("`{what}`: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let url = format!("{}/session/{}", self.base, self.session);
        // The driver ends its browser with the session; the house reaps the driver.
        let _ = ureq::delete(&url).call();
    }
}

fn call(url: &str, body: Option<&Value>) -> Result<Value, String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(WITHIN)).http_status_as_error(false).build().into();
    let answer = match body {
        Some(body) => agent.post(url).send_json(body),
        None => agent.get(url).call(),
    };
    let mut answer = answer.map_err(|error| error.to_string())?;
    let value: Value = answer.body_mut().with_config().limit(64 << 20).read_json().map_err(|e| e.to_string())?;
    match value["value"].get("error") {
        Some(error) => Err(format!("{error}: {}", value["value"]["message"])),
        None => Ok(value["value"].clone()),
    }
}
