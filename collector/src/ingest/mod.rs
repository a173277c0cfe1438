//! Hears MQTT, decodes, drops what is known, and acknowledges what is committed.
