//! Sends what waits in the outbox, at least once, one file a channel.
