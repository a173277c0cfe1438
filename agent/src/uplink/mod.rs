//! Publishes the spool in order and frees what the collector acknowledged.
