//! The command line as a whole.

mod support;

use support::{assert_tidy, q4};

#[test]
fn help_names_every_command_every_exit_code_and_every_variable() {
    let help = q4(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for word in [
        "demo",
        "doctor",
        "check",
        "bench",
        "tune",
        "list",
        "show",
        "report",
        "explain",
        "export",
        "emulate",
        "inspect",
        "convert",
        "accuracy",
        "  0  ",
        "  1  ",
        "  2  ",
        "Q4_ADAPTER",
        "Q4_PIPELINE_CACHE",
        "Q4_TUNING",
        "Q4_DUMP",
    ] {
        assert!(
            help.stdout.contains(word),
            "{word} is missing in\n{}",
            help.stdout
        );
    }
    assert_tidy(&help.stdout);
}

#[test]
fn every_command_has_help_that_fits_a_terminal() {
    for command in [
        "demo", "doctor", "check", "bench", "tune", "list", "show", "report", "explain", "export", "emulate",
        "inspect", "convert", "accuracy",
    ] {
        let help = q4(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        assert!(
            help.stdout.contains(&format!("Usage: q4 {command}")),
            "{}",
            help.stdout
        );
        assert!(
            help.stdout.lines().all(|line| line.chars().count() <= 100),
            "{}",
            help.stdout
        );
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    let version = q4(&["--version"]);
    assert_eq!(
        (version.code, version.stdout.as_str()),
        (0, concat!("q4 ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn no_command_at_all_is_bad_usage_and_shows_help() {
    let bare = q4(&[]);
    assert_eq!((bare.code, bare.stdout.as_str()), (2, ""));
    assert_eq!(bare.stderr, q4(&["--help"]).stdout);
}

#[test]
fn an_unknown_command_is_refused() {
    q4(&["measure"]).refused(
        "error: unrecognized subcommand 'measure'\n\nUsage: q4 <COMMAND>\n\nFor more information, try '--help'.\n",
    );
}
