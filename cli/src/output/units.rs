//! Numbers as people read them.

use std::fmt::Display;

use q4_kernel::Tolerance;

/// Seconds, in the unit that leaves at most three digits before the point: `41.2 µs`.
pub(crate) fn duration(seconds: f64) -> String {
    scaled(
        seconds,
        &[(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s")],
        1000.0,
        inexact,
    )
}

/// Bytes, likewise; whole numbers stay whole: `128 MiB`, `2.63 MiB`.
pub(crate) fn size(bytes: u128) -> String {
    const UNITS: [&str; 9] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    let units: Vec<(f64, &str)> = (0..)
        .zip(UNITS)
        .map(|(power, unit)| (1024_f64.powi(power), unit))
        .collect();
    let text = |value: f64| {
        if value.fract() == 0.0 {
            value.to_string()
        } else {
            inexact(value)
        }
    };
    scaled(bytes as f64, &units, 1024.0, text)
}

/// Three significant digits, without an exponent: `0.0123`, `1.50`, `1234`.
pub(crate) fn inexact(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = rounded(value).abs().log10().floor();
    // Between 0 and a few dozen by the clamp.
    let decimals = (2.0 - digits).clamp(0.0, 30.0) as usize;
    format!("{value:.decimals$}")
}

/// A measured error: `1.90e-6`, or `0`.
pub(crate) fn error(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    format!("{value:.2e}")
}

/// A tolerance, absolute and relative: `1e-4 / 0.1 %`, where a share of the products is allowed with that: `2.3e-4 / 0.1 / 0.2 %`, or `0`.
pub(crate) fn tolerance(tolerance: Tolerance) -> String {
    if tolerance == Tolerance::ZERO {
        return "0".to_owned();
    }
    let Tolerance {
        absolute,
        relative,
        of_products,
    } = tolerance;
    let products = if of_products > 0.0 {
        format!(" / {}", rounded(of_products * 100.0))
    } else {
        String::new()
    };
    format!("{absolute:e} / {}{products} %", rounded(relative * 100.0))
}

/// A count, in groups of three digits: `1,101,952`.
pub(crate) fn count(value: impl Display) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things with their name: `1 matrix`, `1,024 matrices`.
pub(crate) fn counted(value: usize, one: &str, several: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { several })
}

/// `value` in the first of `units` (ascending) in which it is below `step`.
fn scaled(value: f64, units: &[(f64, &str)], step: f64, text: impl Fn(f64) -> String) -> String {
    // What is rounded up to a step is a step: 999.6 ns are 1.00 µs.
    let fits = |(unit, _): &&(f64, &str)| rounded(value / unit).max(value / unit) < step;
    match units.iter().find(fits).or(units.last()) {
        Some((unit, name)) => format!("{} {name}", text(value / unit)),
        None => text(value),
    }
}

/// To three significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_the_unit_that_fits_them() {
        for (seconds, text) in [
            (0.0, "0 ns"),
            (41.2e-9, "41.2 ns"),
            (999.4e-9, "999 ns"),
            (999.6e-9, "1.00 µs"),
            (41.23e-6, "41.2 µs"),
            (1.2345e-3, "1.23 ms"),
            (0.5, "500 ms"),
            (12.0, "12.0 s"),
            (4321.0, "4321 s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn sizes_are_in_binary_units_up_to_what_u128_can_hold() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1024, "1 KiB"),
            (1000, "1000 B"),
            (128 << 20, "128 MiB"),
            (2_755_368, "2.63 MiB"),
            (u128::from(u64::MAX), "16 EiB"),
            (1 << 67, "128 EiB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn three_digits_are_kept_and_no_exponent_is_shown() {
        for (value, text) in [
            (0.0, "0"),
            (3.0, "3.00"),
            (0.012_34, "0.0123"),
            (1.499, "1.50"),
            (99.96, "100"),
            (9.996, "10.0"),
            (1234.5, "1234"),
        ] {
            assert_eq!(inexact(value), text);
        }
        assert_eq!(inexact(f64::NAN), "NaN");
    }

    #[test]
    fn errors_have_three_digits_and_an_exponent() {
        for (value, text) in [
            (0.0, "0"),
            (1.907e-6, "1.91e-6"),
            (1.9e-6, "1.90e-6"),
            (250.0, "2.50e2"),
        ] {
            assert_eq!(error(value), text);
        }
        assert_eq!(error(f64::NAN), "NaN");
    }

    #[test]
    fn tolerances_are_an_absolute_and_a_relative_bound() {
        let text = |absolute, relative, of_products| {
            tolerance(Tolerance {
                absolute,
                relative,
                of_products,
            })
        };
        assert_eq!(text(1e-4, 1e-3, 0.0), "1e-4 / 0.1 %");
        assert_eq!(text(1e-3, 1e-2, 0.0), "1e-3 / 1 %");
        assert_eq!(text(2.3e-4, 1e-3, 2e-3), "2.3e-4 / 0.1 / 0.2 %");
        assert_eq!(text(0.0, 0.0, 0.0), "0");
    }

    #[test]
    fn counts_are_grouped_by_three() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_101_952, "1,101,952")] {
            assert_eq!(count(value), text);
        }
    }
}
