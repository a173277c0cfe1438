//! Turns files into the guest's first file system: a `cpio` archive in the format `newc`, as
//! `Documentation/driver-api/early-userspace/buffer-format.rst` of Linux describes it.

/// What a name of the archive is; the kernel's `S_IF…` bits with the permissions.
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// Major and minor number of `/dev/console`.
const CONSOLE: (u32, u32) = (5, 1);

/// Names and sizes are padded to this many bytes.
const ALIGNMENT: usize = 4;

/// An archive that grows.
#[derive(Debug)]
pub(super) struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
}

impl Initramfs {
    /// With the folders that the guest mounts over, and the console that its first program writes to.
    pub(super) fn new() -> Self {
        let mut archive = Self { bytes: Vec::new(), entries: 0 };
        for folder in ["bin", "dev", "lib", "modules", "proc", "run", "sys"] {
            archive.entry(folder, FOLDER, (0, 0), &[]);
        }
        archive.entry("dev/console", CHARACTER_DEVICE, CONSOLE, &[]);
        archive
    }

    /// Adds a file, which may be run.
    pub(super) fn file(&mut self, name: &str, body: &[u8]) {
        self.entry(name, PROGRAM, (0, 0), body);
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), body: &[u8]) {
        self.entries += 1;
        let long = |length: usize| u32::try_from(length).expect("no file of the guest has 4 GiB");
        // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor,
        // namesize, check.
        let fields =
            [self.entries, mode, 0, 0, 1, 0, long(body.len()), 0, 0, device.0, device.1, long(name.len() + 1), 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").into_bytes());
        }
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(body);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_headers_names_and_bodies_each_padded() {
        let mut archive = Initramfs { bytes: Vec::new(), entries: 0 };
        archive.file("ab", b"hello");
        let bytes = archive.finish();
        let header = b"070701\
            00000001000081ed00000000000000000000000100000000\
            0000000500000000000000000000000000000000\
            0000000300000000";
        assert_eq!(&bytes[..110], header);
        assert_eq!(&bytes[110..116], b"ab\0\0\0\0".get(..6).unwrap());
        assert!(bytes.windows(8).any(|window| window == b"hello\0\0\0"));
        assert_eq!(bytes.len() % ALIGNMENT, 0);
    }
}
