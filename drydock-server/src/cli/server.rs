//! Which server a command speaks with, and what its errors mean for the exit code.

use clap::Args;

use super::failure::Failure;
use crate::client::{Client, ClientError};

/// The server that is asked.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The server's URL
    #[arg(
        long = "server",
        env = "DRYDOCK_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:9000",
        value_name = "URL"
    )]
    url: String,
}

impl Server {
    /// A client of it.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        client(&self.url)
    }
}

/// A client of the server at `url`, for whoever is logged in.
pub(super) fn client(url: &str) -> Result<Client, Failure> {
    Ok(Client::new(url, std::env::var("USER").ok().as_deref())?)
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Url(_) => Self::usage(error.to_string()),
            ClientError::Unreachable { url, source } => Self::unreachable(format!(
                "cannot reach the server at {url}; start one with `drydock serve`, or name another with --server"
            ))
            .because(source),
            ClientError::Refused { message, .. } => Self::failed(message),
            ClientError::Foreign { .. } => Self::failed(error.to_string()),
            ClientError::Unintelligible { .. } => Self::failed("the server was not understood").because(error),
        }
    }
}
