#!/bin/sh
# rustdoc that writes JSON on a stable toolchain. Set for rustdoc alone: what cargo builds before it would be built anew for the variable.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
