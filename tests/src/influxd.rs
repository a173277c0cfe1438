//! Debian's real InfluxDB 1.6: a database process on free ports with a folder of its own, lines
//! written to it and InfluxQL asked of it. Can be killed and comes back with what it had on disk.

use std::{path::PathBuf, process::Command, time::Duration};

use serde_json::Value;

use crate::{House, Process, port, wait};

/// The database that [`Influxd::start`] makes.
pub const DATABASE: &str = "hallwatch";
/// A month of a venue in one answer takes its time on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);
/// Lines of one request; far below the 25 MB that the server takes.
const LINES_MAX: usize = 5_000;

/// A running `influxd`.
#[derive(Debug)]
pub struct Influxd {
    port: u16,
    configuration: PathBuf,
    process: Process,
}

/// A series of an answer: its name, its tags, its columns and its rows.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct Series {
    /// The measurement.
    pub name: String,
    /// Tags that the query groups by.
    #[serde(default)]
    pub tags: std::collections::BTreeMap<String, String>,
    /// Names of the columns; the first is `time`.
    pub columns: Vec<String>,
    /// Rows, a cell a column; time in milliseconds.
    pub values: Vec<Vec<Value>>,
}

impl Series {
    /// The numbers of a column with their instants, without empty cells.
    #[must_use]
    pub fn numbers(&self, column: &str) -> Vec<(i64, f64)> {
        let Some(i) = self.columns.iter().position(|c| c == column) else { return Vec::new() };
        self.values.iter().filter_map(|row| Some((row[0].as_i64()?, row[i].as_f64()?))).collect()
    }
}

impl Influxd {
    /// Starts an empty one with the database [`DATABASE`].
    #[track_caller]
    #[must_use]
    pub fn start(house: &House) -> Self {
        let store = house.path("influxdb");
        std::fs::create_dir_all(&store).expect("the folder of the house is writable");
        let (port, rpc, store) = (port::free(), port::free(), store.display());
        let text = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n\
             [meta]\ndir = \"{store}/meta\"\n\
             [data]\ndir = \"{store}/data\"\nwal-dir = \"{store}/wal\"\nindex-version = \"tsi1\"\nquery-log-enabled = false\n\
             [monitor]\nstore-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n\
             [logging]\nsuppress-logo = true\nlevel = \"warn\"\n\
             [continuous_queries]\nenabled = false\n"
        );
        let configuration = house.write("influxdb.conf", &text);
        let process = Self::launch(house, &configuration);
        let mut database = Self { port, configuration, process };
        database.ready();
        database.query(&format!("CREATE DATABASE {DATABASE}"));
        database
    }

    fn launch(house: &House, configuration: &PathBuf) -> Process {
        let mut command = Command::new("influxd");
        command.arg("-config").arg(configuration);
        house.start("influxd", command)
    }

    #[track_caller]
    fn ready(&mut self) {
        let url = format!("{}/ping", self.url());
        wait::until("influxd answers", wait::READY_WITHIN, || {
            if let Some(status) = self.process.ended() {
                panic!("influxd ended ({status}):\n{}", self.process.output());
            }
            ureq::get(&url).call().is_ok().then_some(())
        });
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", port::local(self.port))
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// `kill -9`; nobody answers on its port until [`Influxd::restart`].
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port, with what is on its disk.
    #[track_caller]
    pub fn restart(&mut self, house: &House) {
        self.process = Self::launch(house, &self.configuration);
        self.ready();
    }

    /// Writes lines whose times are nanoseconds, as `collector::measures` makes them.
    ///
    /// # Panics
    /// When the database takes any of them not.
    #[track_caller]
    pub fn write(&self, lines: &str) {
        let url = format!("{}/write?db={DATABASE}&precision=ns", self.url());
        let lines: Vec<&str> = lines.lines().collect();
        for part in lines.chunks(LINES_MAX) {
            let answer = agent().post(&url).send(part.join("\n")).expect("influxd answers");
            let status = answer.status().as_u16();
            let body = answer.into_body().read_to_string().unwrap_or_default();
            assert_eq!(status, 204, "influxd refused lines: {body}");
        }
    }

    /// What a query gives: the series of its statement, times in milliseconds.
    ///
    /// # Panics
    /// When the query is refused.
    #[track_caller]
    #[must_use]
    pub fn select(&self, query: &str) -> Vec<Series> {
        let answer = self.query(query);
        let results = answer["results"].as_array().expect("an answer has results");
        let series = results.iter().filter_map(|result| result.get("series"));
        series
            .flat_map(|list| serde_json::from_value::<Vec<Series>>(list.clone()).expect("a series has this shape"))
            .collect()
    }

    /// The answer to a query as it came.
    ///
    /// # Panics
    /// When the query is refused.
    #[track_caller]
    pub fn query(&self, query: &str) -> Value {
        let url = format!("{}/query?db={DATABASE}&epoch=ms", self.url());
        let answer = agent().post(&url).send_form([("q", query)]).expect("influxd answers");
        let status = answer.status().as_u16();
        let body = answer.into_body().with_config().limit(1 << 30).read_to_string().expect("an answer is text");
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        let error = answer.get("error").or_else(|| answer["results"].as_array()?.iter().find_map(|r| r.get("error")));
        assert!(status == 200 && error.is_none(), "`{query}` was refused ({status}): {body}");
        answer
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(WITHIN)).http_status_as_error(false).build().into()
}
