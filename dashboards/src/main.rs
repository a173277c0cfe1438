//! `dashboards generate [FOLDER]`: writes the JSON of every dashboard below `dashboards/grafana`, or below
//! the folder that is given. Changes nothing else.

use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/grafana")),
        ["generate", folder] => PathBuf::from(folder),
        _ => anyhow::bail!("this takes `generate` and perhaps a folder\nhint: `cargo run -p dashboards -- generate`"),
    };
    dashboards::write(&folder)
}
