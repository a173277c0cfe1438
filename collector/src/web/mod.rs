//! Pages and the JSON API, read from the ledger, the readings and the live picture.
