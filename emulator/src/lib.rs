//! Runs a naga compute module on the CPU, checks every access and counts everything.
