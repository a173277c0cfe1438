//! Turns CLOCK_BOOTTIME instants into wall times; never guesses without saying so.
