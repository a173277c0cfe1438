//! Whom to ask over SNMP and how to be let in: reads and prints the keys that every SNMP sensor has.
//! Secrets are read from their files when they are needed and shown nowhere.

use std::{path::PathBuf, time::Duration};

use wire::Fault;

use super::{
    secure::{Auth, User},
    session::BUDGET,
    usm::Hash,
};
use crate::{
    config::{Expected, Problem, Secret, Table, quantity::print_duration},
    driver::{Error, PROBE_MARGIN, probe::timeout},
};

/// Host, port and credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Name or address.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// What lets us in.
    pub credentials: Credentials,
    /// How long to wait for each answer; a question is sent twice.
    pub timeout: Duration,
}

/// What lets us in.
#[derive(Debug, Clone, PartialEq)]
pub enum Credentials {
    /// SNMPv2c: a word that everybody on the line can read.
    Community(Source),
    /// SNMPv3.
    User(UserSettings),
}

/// A user of SNMPv3: without passwords noAuthNoPriv, with one authNoPriv, with two authPriv.
#[derive(Debug, Clone, PartialEq)]
pub struct UserSettings {
    /// Its name.
    pub name: String,
    /// What signs, and the password that it signs with.
    pub auth: Option<(Hash, Source)>,
    /// The password that AES-128 hides with.
    pub privacy: Option<Source>,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// In the configuration.
    Here(Secret),
    /// In the first line of a file.
    File(PathBuf),
}

/// The port of SNMP.
const PORT: u16 = 161;
/// RFC 3414 §11.2: shorter passwords are refused by every engine.
const PASSWORD_BYTES_MIN: usize = 8;

impl Access {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let port = table.whole("port", 1, 65535).and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT);
        let timeout = timeout(table);
        let community = Source::read(table, "community", "community_file");
        let user = table.text("user");
        let hash = table.word("auth", Hash::WORDS, &Hash::ALL).unwrap_or(Hash::Sha256);
        let auth = Source::read(table, "auth_password", "auth_password_file");
        let privacy = Source::read(table, "privacy_password", "privacy_password_file");
        if community.is_some() && user.is_some() {
            table.note("community", Problem::Either { or: table.key("user") });
        }
        for (key, source) in [("auth_password", &auth), ("privacy_password", &privacy)] {
            if let Some(Source::Here(secret)) = source
                && secret.expose().len() < PASSWORD_BYTES_MIN
            {
                let expected = Expected::Password { low: PASSWORD_BYTES_MIN };
                table.note(key, Problem::Wrong { expected, found: String::new() });
            }
        }
        if auth.is_some() && user.is_none() {
            table.note("auth_password", Problem::Together { with: table.key("user") });
        }
        if privacy.is_some() && auth.is_none() {
            table.note("privacy_password", Problem::Together { with: table.key("auth_password") });
        }
        let credentials = match (user, community) {
            (Some(name), _) => {
                Credentials::User(UserSettings { name, auth: auth.map(|source| (hash, source)), privacy })
            }
            (None, Some(community)) => Credentials::Community(community),
            (None, None) => {
                table.require("community", Expected::Text, None::<()>)?;
                return None;
            }
        };
        Some(Self { host: host?, port, credentials, timeout })
    }

    pub(super) fn print(&self, table: &mut toml::Table) {
        table.insert("host".into(), self.host.as_str().into());
        table.insert("port".into(), i64::from(self.port).into());
        match &self.credentials {
            Credentials::Community(source) => source.print(table, "community", "community_file"),
            Credentials::User(user) => {
                table.insert("user".into(), user.name.as_str().into());
                if let Some((hash, source)) = &user.auth {
                    table.insert("auth".into(), hash.word().into());
                    source.print(table, "auth_password", "auth_password_file");
                }
                if let Some(source) = &user.privacy {
                    source.print(table, "privacy_password", "privacy_password_file");
                }
            }
        }
        table.insert("timeout".into(), print_duration(self.timeout).into());
    }

    /// How long a reading may take.
    pub(super) fn patience(&self) -> Duration {
        self.timeout * BUDGET + PROBE_MARGIN
    }
}

impl Source {
    fn read(table: &Table<'_>, key: &'static str, file_key: &'static str) -> Option<Self> {
        let (here, file) = (table.text(key), table.text(file_key));
        if here.is_some() && file.is_some() {
            table.note(key, Problem::Either { or: table.key(file_key) });
        }
        file.map(|path| Self::File(path.into())).or(here.map(|text| Self::Here(Secret::new(text))))
    }

    fn print(&self, table: &mut toml::Table, key: &str, file_key: &str) {
        match self {
            Self::Here(secret) => table.insert(key.into(), format!("{secret:?}").into()),
            Self::File(path) => table.insert(file_key.into(), path.display().to_string().into()),
        };
    }

    /// The secret itself.
    pub(super) fn read_secret(&self) -> Result<Secret, Error> {
        match self {
            Self::Here(secret) => Ok(secret.clone()),
            Self::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| Error::Other {
                    fault: Fault::NotPermitted,
                    text: format!("cannot read `{}`: {error}", path.display()),
                })?;
                Ok(Secret::new(text.lines().next().unwrap_or_default()))
            }
        }
    }
}

impl UserSettings {
    /// The user with its keys made.
    pub(super) fn keys(&self) -> Result<User, Error> {
        let key = |hash: Hash, source: &Source| {
            let secret = source.read_secret()?;
            let password = secret.expose().as_bytes();
            if password.len() < PASSWORD_BYTES_MIN {
                let text = format!("a password of user `{}` has less than {PASSWORD_BYTES_MIN} letters", self.name);
                return Err(Error::Other { fault: Fault::NotPermitted, text });
            }
            Ok(hash.stretch(password))
        };
        let auth = match &self.auth {
            Some((hash, source)) => {
                let privacy_key = self.privacy.as_ref().map(|source| key(*hash, source)).transpose()?;
                Some(Auth { hash: *hash, key: key(*hash, source)?, privacy_key })
            }
            None => None,
        };
        Ok(User { name: self.name.clone(), auth })
    }
}
