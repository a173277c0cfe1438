//! Logs go to standard error: with times for people, with priorities for journald.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Starts to log what `filter` asks for.
pub(super) fn start(filter: &str) -> Result<(), String> {
    let wrong = |error: &dyn fmt::Display| {
        format!("`--log`: found `{filter}`: {error}\n  hint: write `info`, `debug` or `agent=debug`")
    };
    let targets: Targets = filter.parse().map_err(|error| wrong(&error))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // journald sets this for what it reads, and adds times itself.
    let started = if std::env::var_os("JOURNAL_STREAM").is_some() {
        tracing_subscriber::registry().with(lines.event_format(Journal).with_filter(targets)).try_init()
    } else {
        use std::io::IsTerminal;
        let lines = lines.with_ansi(std::io::stderr().is_terminal()).with_target(false);
        tracing_subscriber::registry().with(lines.with_filter(targets)).try_init()
    };
    started.map_err(|error| wrong(&error))
}

/// One line an event: syslog priority, sentence, fields.
struct Journal;

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
