//! A private certificate authority in the house's folder, made with `openssl`; valid for two days.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::House;

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The authority.
#[derive(Debug, Clone)]
pub struct Authority {
    own: Identity,
}

impl Authority {
    /// A new one, called `name`.
    #[track_caller]
    #[must_use]
    pub fn new(house: &House, name: &str) -> Self {
        let own = files(house, name);
        let mut command = request(&own.key, name);
        command.args(["-x509", "-days", "2", "-out"]).arg(&own.certificate);
        run(command);
        Self { own }
    }

    /// Its certificate, which others trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.own.certificate
    }

    /// A certificate for `name`, good for clients and for servers on this machine.
    #[track_caller]
    #[must_use]
    pub fn issue(&self, house: &House, name: &str) -> Identity {
        let identity = files(house, name);
        let wish = house.path(&format!("{name}.csr"));
        let mut command = request(&identity.key, name);
        command.arg("-out").arg(&wish);
        run(command);
        let extensions = house.write(
            &format!("{name}.ext"),
            "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n",
        );
        let mut command = Command::new("openssl");
        command.args(["x509", "-req", "-days", "2", "-CAcreateserial", "-in"]).arg(&wish);
        command.arg("-CA").arg(&self.own.certificate).arg("-CAkey").arg(&self.own.key);
        command.arg("-extfile").arg(extensions).arg("-out").arg(&identity.certificate);
        run(command);
        identity
    }
}

fn files(house: &House, name: &str) -> Identity {
    Identity { certificate: house.path(&format!("{name}.crt")), key: house.path(&format!("{name}.key")) }
}

fn request(key: &Path, name: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-subj", &format!("/CN={name}"), "-keyout"]).arg(key);
    command
}

#[track_caller]
fn run(mut command: Command) {
    let output = command.output().expect("openssl is installed");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}
