//! Extinguisher tags: NFC tags at the brackets, and what is written on them.
