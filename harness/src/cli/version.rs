//! Which version of HTTP a command speaks.

use clap::Args;

use crate::transport::Version;

/// The options that name it.
#[derive(Args, Debug)]
pub(super) struct VersionArgs {
    /// Speak HTTP/1.1, also where TLS would negotiate HTTP/2.
    #[arg(long = "http1.1", conflicts_with = "http2")]
    http1: bool,
    /// Speak HTTP/2 without asking, also over plain TCP.
    #[arg(long)]
    http2: bool,
}

impl VersionArgs {
    /// The version that is named; by default the one that browsers would speak.
    pub(super) fn version(&self) -> Version {
        match (self.http1, self.http2) {
            (true, _) => Version::Http1,
            (false, true) => Version::Http2,
            (false, false) => Version::Negotiated,
        }
    }
}
