//! How a server fetches designs and what boot actions refer to, on its command line. Passwords come from files or the environment, never the arguments, which
//! every user of the machine can see.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use drydock_core::SecretString;

use super::failure::Failure;
use super::units;
use crate::config::{DesignsConfig, KeystoneConfig};

/// The environment variable that may hold the password for Keystone.
const PASSWORD: &str = "OS_PASSWORD";

/// Where designs and what boot actions refer to may come from, and with which credentials.
#[derive(Debug, Args)]
#[command(next_help_heading = "Designs, and what their boot actions refer to")]
pub(super) struct DesignArgs {
    /// A file that says what servers are given which designs and boot actions' content come from
    #[arg(
        long,
        value_name = "FILE",
        help = "A file with lines `SERVER basic USER:PASSWORD`, `SERVER bearer TOKEN` or `SERVER keystone`: what the servers are \
                given that designs and the content of boot actions come from; SERVER is http://HOST:PORT or https://HOST:PORT"
    )]
    design_credentials: Option<PathBuf>,
    /// A file of certificates (PEM) to trust for them and for Keystone besides the system's
    #[arg(long, value_name = "FILE")]
    design_ca: Option<PathBuf>,
    /// How long fetching a design may take; the content of a boot action has 30s at most
    #[arg(long, default_value = "5m", value_name = "TIME", value_parser = units::some_duration)]
    design_timeout: Duration,
    /// How long questions about a design that came over HTTP are answered before its server is asked again
    #[arg(long, default_value = "3m", value_name = "TIME", value_parser = units::duration)]
    design_fresh: Duration,
    /// The Keystone that gives tokens
    #[arg(
        long,
        value_name = "URL",
        help = "The Keystone that gives tokens for deckhand+ and promenade+ references, such as https://keystone.example:5000/v3",
        requires_all = ["keystone_user", "keystone_project"]
    )]
    keystone_url: Option<String>,
    /// The user to whom it gives them
    #[arg(long, env = "OS_USERNAME", hide_env_values = true, value_name = "NAME")]
    keystone_user: Option<String>,
    /// The file with the user's password
    #[arg(
        long,
        value_name = "FILE",
        help = "The file with the user's password [default: the variable OS_PASSWORD]"
    )]
    keystone_password_file: Option<PathBuf>,
    /// The user's domain
    #[arg(
        long,
        env = "OS_USER_DOMAIN_NAME",
        hide_env_values = true,
        default_value = "default",
        value_name = "NAME"
    )]
    keystone_user_domain: String,
    /// The project that they are for
    #[arg(long, env = "OS_PROJECT_NAME", hide_env_values = true, value_name = "NAME")]
    keystone_project: Option<String>,
    /// The project's domain
    #[arg(
        long,
        env = "OS_PROJECT_DOMAIN_NAME",
        hide_env_values = true,
        default_value = "default",
        value_name = "NAME"
    )]
    keystone_project_domain: String,
}

impl DesignArgs {
    /// As a server is told.
    pub(super) fn config(self) -> Result<DesignsConfig, Failure> {
        let keystone = match (self.keystone_url, self.keystone_user, self.keystone_project) {
            (Some(url), Some(user), Some(project)) => Some(KeystoneConfig {
                url,
                user,
                password: password(self.keystone_password_file.as_deref())?,
                user_domain: self.keystone_user_domain,
                project,
                project_domain: self.keystone_project_domain,
            }),
            _ => None,
        };
        Ok(DesignsConfig {
            credentials: self.design_credentials,
            ca: self.design_ca,
            timeout: self.design_timeout,
            fresh: self.design_fresh,
            keystone,
        })
    }
}

/// The password in `file`, without the end of its line; without a file that in the environment.
fn password(file: Option<&Path>) -> Result<SecretString, Failure> {
    let text = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("cannot read the password file {}", path.display())).because(error)
            })?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
        None => std::env::var(PASSWORD).unwrap_or_default(),
    };
    if text.is_empty() {
        return Err(Failure::usage(format!(
            "--keystone-url needs a password: give --keystone-password-file, or set {PASSWORD}"
        )));
    }
    Ok(SecretString::from(text))
}
