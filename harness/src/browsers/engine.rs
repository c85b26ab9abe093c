//! The browsers: what each needs installed, and how each is started.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use corspec_fetch::profile::Profile;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A browser's engine.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Chromium, through chromedriver.
    Chromium,
    /// Firefox, through Marionette.
    Firefox,
    /// WebKitGTK's MiniBrowser, through WebKitWebDriver.
    #[value(name = "webkit")]
    WebKit,
}

/// The programs of an engine that were found, by the name that is looked for.
#[derive(Clone, Debug)]
pub struct Programs(BTreeMap<&'static str, PathBuf>);

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// The word for it, which is also its profile's.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.profile().name
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }

    /// What the model takes it to be.
    #[must_use]
    pub fn profile(self) -> &'static Profile {
        match self {
            Self::Chromium => &Profile::CHROMIUM,
            Self::Firefox => &Profile::FIREFOX,
            Self::WebKit => &Profile::WEBKIT,
        }
    }

    /// The programs that it takes: names, any of which will do, the first of which stands for all.
    fn needs(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Chromium => &[&["chromium", "google-chrome"], &["chromedriver"]],
            Self::Firefox => &[&["firefox-esr", "firefox"]],
            Self::WebKit => &[&["WebKitWebDriver"], &["Xvfb"], &["MiniBrowser"]],
        }
    }

    /// What it is started with.
    ///
    /// # Errors
    ///
    /// The names of what is missing.
    pub fn programs(self) -> Result<Programs, Vec<&'static str>> {
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for names in self.needs() {
            match names.iter().find_map(|name| located(name)) {
                Some(path) => drop(found.insert(names[0], path)),
                None => missing.push(names[0]),
            }
        }
        if missing.is_empty() { Ok(Programs(found)) } else { Err(missing) }
    }

    /// The capabilities that its session is asked for with: any certificate will do, and every
    /// connection goes through the SOCKS server at `port`. Chromium keeps what is printed in its
    /// console where it is `watched`.
    pub(super) fn capabilities(
        self,
        programs: &Programs,
        folder: &Path,
        port: u16,
        watched: bool,
    ) -> Value {
        let proxy = format!("socks5://127.0.0.1:{port}");
        match self {
            Self::Chromium => {
                let mut arguments: Vec<_> = CHROMIUM.iter().map(|it| (*it).to_owned()).collect();
                arguments.push(format!("--proxy-server={proxy}"));
                // Localhost too goes through the proxy.
                arguments.push(format!("--proxy-bypass-list=<-loopback>;{NOBODY}"));
                arguments.push(format!("--user-data-dir={}", folder.join("profile").display()));
                json!({
                    "acceptInsecureCerts": true,
                    "goog:chromeOptions": {"binary": programs.path("chromium"), "args": arguments},
                    "goog:loggingPrefs": {"browser": if watched { "ALL" } else { "OFF" }},
                })
            }
            Self::Firefox => json!({"acceptInsecureCerts": true}),
            // Its own proxy capability is not honoured: it would connect directly.
            Self::WebKit => json!({
                "acceptInsecureCerts": true,
                "webkitgtk:browserOptions": {
                    "binary": programs.path("MiniBrowser"),
                    "args": [
                        "--automation",
                        format!("--proxy={proxy}"),
                        "--ignore-tls-errors",
                        "--javascript-can-open-windows-automatically=true",
                    ],
                },
            }),
        }
    }
}

impl Programs {
    /// The path of a program; empty for one that the engine does not need.
    pub(super) fn path(&self, name: &str) -> String {
        self.0.get(name).map_or(String::new(), |path| path.display().to_string())
    }
}

/// An address of this machine that browsers ask without the proxy: nothing listens there, so that they
/// are refused.
pub(super) const NOBODY: &str = "127.0.0.9";

/// Chromium without a screen, a sandbox, anything in the background, or the features that keep a
/// page from reaching what our SOCKS server says is there.
const CHROMIUM: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LocalNetworkAccessChecks",
];

/// Firefox's settings: the proxy at `port`, a free port for Marionette, and nothing that asks the
/// network or a user of its own accord.
pub(super) fn firefox_settings(port: u16) -> String {
    let settings = [
        ("marionette.port", "0"),
        ("security.OCSP.enabled", "0"),
        ("security.ssl.enable_ocsp_stapling", "false"),
        ("security.pki.certificate_transparency.mode", "0"),
        ("network.proxy.type", "1"),
        ("network.proxy.socks", "\"127.0.0.1\""),
        ("network.proxy.socks_port", &port.to_string()),
        ("network.proxy.socks_version", "5"),
        ("network.proxy.socks_remote_dns", "true"),
        ("network.proxy.allow_hijacking_localhost", "true"),
        ("network.proxy.no_proxies_on", &format!("\"{NOBODY}\"")),
        ("network.lna.enabled", "false"),
        ("network.captive-portal-service.enabled", "false"),
        ("network.connectivity-service.enabled", "false"),
        ("network.http.speculative-parallel-limit", "0"),
        ("dom.security.https_first", "false"),
        ("app.update.disabledForTesting", "true"),
        ("browser.safebrowsing.malware.enabled", "false"),
        ("browser.safebrowsing.phishing.enabled", "false"),
        ("browser.startup.page", "0"),
        ("browser.shell.checkDefaultBrowser", "false"),
        ("datareporting.policy.dataSubmissionEnabled", "false"),
        ("toolkit.telemetry.enabled", "false"),
        ("extensions.update.enabled", "false"),
    ];
    settings.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect()
}

/// Where a program is: on `PATH`, or for WebKit's browser in the library's own folder.
fn located(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join(name)).find(|it| it.is_file());
    on_path.or_else(|| {
        let libraries = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
        let mut inner = libraries.flat_map(|folder| {
            ["webkit2gtk-4.1", "webkitgtk-6.0"].map(|it| folder.path().join(it).join(name))
        });
        inner.find(|path| path.is_file())
    })
}
