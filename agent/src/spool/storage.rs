//! What the spool asks of a file system, so that tests can record and break it. One flat folder.

use std::io;

/// A folder of append-only files. Nothing is durable before the matching sync returned.
pub trait Storage: Send {
    /// Names of all files, in any order.
    fn list(&mut self) -> io::Result<Vec<String>>;
    /// The whole content of a file.
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>>;
    /// Makes an empty file; an older one of the name is emptied.
    fn create(&mut self, name: &str) -> io::Result<()>;
    /// Writes at the end of a file that was created since the start.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes a file's content durable.
    fn sync(&mut self, name: &str) -> io::Result<()>;
    /// Makes creations and removals durable.
    fn sync_folder(&mut self) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}
