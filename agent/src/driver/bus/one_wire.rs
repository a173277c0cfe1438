//! The kernel's 1-Wire bus: passes on what its files say. Interprets nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{BusError, OneWire};

/// The devices below a folder of the kernel.
pub(super) struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl OneWire for Kernel {
    fn devices(&mut self) -> Result<Vec<String>, BusError> {
        let failed = |error: io::Error| BusError {
            text: format!("{}: {error}", self.folder.display()),
            ..BusError::from_io(&error)
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            // Beside devices (`28-3c01b556a1b2`) it lists the masters (`w1_bus_master1`).
            if name.as_bytes().get(2) == Some(&b'-') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&mut self, id: &str) -> Result<String, BusError> {
        let path = self.folder.join(id).join("w1_slave");
        fs::read_to_string(&path).map_err(|error| match error.kind() {
            // The whole folder is missing where no 1-Wire bus is enabled.
            io::ErrorKind::NotFound if self.folder.exists() => BusError::nack(),
            _ => BusError { text: format!("{}: {error}", path.display()), ..BusError::from_io(&error) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Fault;

    #[test]
    fn a_device_that_is_gone_is_no_response_and_a_missing_bus_is_bus_failed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("28-3c01b556a1b2")).unwrap();
        fs::create_dir_all(folder.path().join("w1_bus_master1")).unwrap();
        fs::write(folder.path().join("28-3c01b556a1b2/w1_slave"), "text").unwrap();
        let mut bus = Kernel::new(folder.path());
        assert_eq!(bus.devices().unwrap(), ["28-3c01b556a1b2"]);
        assert_eq!(bus.read("28-3c01b556a1b2").unwrap(), "text");
        assert_eq!(bus.read("28-000000000000").unwrap_err().fault, Fault::NoResponse);
        let mut none = Kernel::new(&folder.path().join("nothing"));
        assert_eq!(none.read("28-3c01b556a1b2").unwrap_err().fault, Fault::BusFailed);
        assert!(none.devices().is_err());
    }
}
