//! One step, one transaction: samples in, everything that follows out, then the ack.
