//! The text of a table, written and read.

use std::iter::{Enumerate, Peekable};

use q4_kernel_types::{sha256, tuning::VERSION};

use super::{AdapterKey, Entry, Measured, Table, TableError};
use crate::{NumericClass, ScaleFormat, ScaleLayout, ScaleOrder, Shape};

/// What the first line has before the version.
const TITLE: &str = "q4-kernel tuning ";
const ENTRY: &str = "entry";
const DIGEST: &str = "sha256";
const UNIT: &str = "ns";

pub(super) fn write(table: &Table) -> String {
    let AdapterKey {
        name,
        backend,
        vendor,
        device,
    } = table.adapter();
    let mut lines = vec![
        format!("{TITLE}{VERSION}"),
        format!("adapter {name}"),
        format!("backend {backend}"),
        format!("vendor {vendor:#06x}"),
        format!("device {device:#06x}"),
        format!("driver {}", table.driver()),
    ];
    lines.extend(table.entries().iter().map(write_entry));
    let digest = digest(&lines);
    lines.push(format!("{DIGEST} {digest}"));
    lines.join("\n") + "\n"
}

fn write_entry(entry: &Entry) -> String {
    let Entry {
        shape: Shape { m, n, k, group_size },
        numeric,
        scales: ScaleLayout { format, order },
        candidates,
    } = entry;
    let mut line = format!(
        "{ENTRY} m={m} n={n} k={k} group_size={group_size} numeric={numeric} scales={format} order={order}"
    );
    for Measured { kind, nanoseconds } in candidates {
        line.push_str(&format!(" {kind}={nanoseconds}{UNIT}"));
    }
    line
}

/// SHA-256 in hexadecimal of lines as they stand in a file, whatever ends them there.
fn digest<Line: AsRef<str>>(lines: &[Line]) -> String {
    sha256(lines.iter().flat_map(|line| [line.as_ref(), "\n"]))
}

pub(super) fn parse(text: &str) -> Result<Table, TableError> {
    let all: Vec<&str> = text.lines().collect();
    let mut lines = Lines(all.iter().copied().enumerate().peekable());
    let version = lines.next("`q4-kernel tuning` with a version", |line| {
        line.strip_prefix(TITLE)
    })?;
    if version != VERSION.to_string() {
        return Err(TableError::Version {
            given: version.chars().take(20).collect(),
        });
    }
    let adapter = AdapterKey {
        name: lines
            .next("`adapter` with its name", |line| value(line, "adapter"))?
            .to_owned(),
        backend: lines
            .next("`backend` with its name", |line| value(line, "backend"))?
            .to_owned(),
        vendor: lines.next("`vendor` with a number such as 0x10de", |line| {
            hexadecimal(value(line, "vendor")?)
        })?,
        device: lines.next("`device` with a number such as 0x2330", |line| {
            hexadecimal(value(line, "device")?)
        })?,
    };
    let driver = lines.next("`driver` with its name", |line| value(line, "driver"))?;
    let mut entries = Vec::new();
    while lines.has(ENTRY) {
        entries.push(lines.next(
            "`entry m=1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns`, with candidates such as `NAME=15200ns`",
            parse_entry,
        )?);
    }
    let body = 6 + entries.len();
    let claimed = lines.next("`entry`, or at the end `sha256` with a digest", |line| {
        value(line, DIGEST)
    })?;
    if let Some((index, line)) = lines.0.next() {
        return Err(bad_line(index, line, "nothing after the digest"));
    }
    if all.get(..body).is_none_or(|lines| digest(lines) != claimed) {
        return Err(TableError::Digest { line: body + 1 });
    }
    Table::of_parts(adapter, driver.to_owned(), entries)
}

/// The lines of a text that are left, numbered from 0.
struct Lines<'a, I: Iterator<Item = &'a str>>(Peekable<Enumerate<I>>);

impl<'a, I: Iterator<Item = &'a str>> Lines<'a, I> {
    /// Whether the next line begins with a word.
    fn has(&mut self, word: &str) -> bool {
        self.0
            .peek()
            .is_some_and(|(_, line)| line.split(' ').next() == Some(word))
    }

    /// Reads the next line.
    fn next<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, TableError> {
        match self.0.next() {
            Some((index, line)) => read(line).ok_or_else(|| bad_line(index, line, expected)),
            None => Err(TableError::Ended { expected }),
        }
    }
}

fn bad_line(index: usize, line: &str, expected: &'static str) -> TableError {
    TableError::Line {
        line: index + 1,
        given: line.to_owned(),
        expected,
    }
}

/// What follows a word and a space.
fn value<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix(word)?.strip_prefix(' ')
}

fn parse_entry(line: &str) -> Option<Entry> {
    let mut words = value(line, ENTRY)?.split(' ');
    let mut field = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let shape = Shape {
        m: decimal(field("m")?)?,
        n: decimal(field("n")?)?,
        k: decimal(field("k")?)?,
        group_size: decimal(field("group_size")?)?,
    };
    let (numeric, format, order) = (field("numeric")?, field("scales")?, field("order")?);
    Some(Entry {
        shape,
        numeric: NumericClass::ALL
            .into_iter()
            .find(|class| class.name() == numeric)?,
        scales: ScaleLayout {
            format: ScaleFormat::ROUNDED
                .into_iter()
                .find(|known| known.name() == format)?,
            order: ScaleOrder::ALL.into_iter().find(|known| known.name() == order)?,
        },
        candidates: words.map(parse_measured).collect::<Option<_>>()?,
    })
}

fn parse_measured(word: &str) -> Option<Measured> {
    let (kind, time) = word.split_once('=')?;
    Some(Measured {
        kind: kind.to_owned(),
        nanoseconds: decimal(time.strip_suffix(UNIT)?)?,
    })
}

/// A number as it is written, without a sign or zeros in front.
fn decimal<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hexadecimal(text: &str) -> Option<u32> {
    let number = u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
    (format!("{number:#06x}") == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{
        super::table::tests::{entry, table},
        *,
    };

    fn sample() -> Table {
        let mut second = entry(512, 14_336, 4096, &[("gemm_64x64x16_t4x4_g32", 12_345_678)]);
        second.numeric = NumericClass::F16Multiply;
        second.scales = ScaleLayout {
            format: ScaleFormat::Bf16,
            order: ScaleOrder::Groups,
        };
        table(vec![
            entry(
                1,
                4096,
                4096,
                &[("coop4_w64_c8_g32_subgroup", 15_200), ("b", 17_900)],
            ),
            second,
        ])
    }

    /// A text whose digest is right, whatever its lines.
    fn sealed(lines: &[&str]) -> String {
        format!("{}\n{DIGEST} {}\n", lines.join("\n"), digest(lines))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let table = sample();
        assert_eq!(Table::parse(&table.text()), Ok(table.clone()));
        assert_eq!(
            Table::parse(&table.text().replace('\n', "\r\n")),
            Ok(table.clone())
        );
        let text = table.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..7],
            [
                "q4-kernel tuning 1",
                "adapter Some GPU",
                "backend vulkan",
                "vendor 0x10de",
                "device 0x2330",
                "driver driver 1.0",
                "entry m=1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns coop4_w64_c8_g32_subgroup=15200ns b=17900ns",
            ]
        );
        let empty = super::super::table::tests::table(Vec::new());
        assert_eq!(Table::parse(&empty.text()), Ok(empty));
    }

    #[test]
    fn a_change_of_any_byte_or_a_cut_anywhere_is_refused() {
        let text = sample().text();
        for place in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            let damaged = String::from_utf8(bytes).unwrap();
            assert!(Table::parse(&damaged).is_err(), "byte {place} was changed");
            assert!(Table::parse(&text[..place]).is_err(), "cut to {place} bytes");
        }
    }

    #[test]
    fn another_version_is_named() {
        let text = sample().text().replacen("tuning 1", "tuning 2", 1);
        assert_eq!(
            Table::parse(&text).unwrap_err().to_string(),
            "it is of version 2, and version 1 was expected; measure again with `q4 tune`"
        );
    }

    #[test]
    fn a_malformed_line_is_named_with_what_was_expected() {
        let text = sample().text();
        let good: Vec<&str> = text.lines().take(8).collect();
        let cases = [
            (1, "Adapter Some GPU", "`adapter` with its name"),
            (3, "vendor 4318", "`vendor` with a number such as 0x10de"),
            (4, "device 0x00002330", "`device` with a number such as 0x2330"),
            (6, "entry m=1 n=4096", "with candidates such as `NAME=15200ns`"),
            (
                6,
                "entry m=1 n=4096 k=4096 group_size=32 numeric=exactly scales=f32 order=columns a=1ns",
                "`entry m=1",
            ),
            (
                6,
                "entry m=1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns a=1us",
                "`entry m=1",
            ),
            (
                6,
                "entry m=1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns a=1ns ",
                "`entry m=1",
            ),
            (
                6,
                "entry m=+1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns a=1ns",
                "`entry m=1",
            ),
            (
                6,
                "entry m=99999999999 n=1 k=1 group_size=32 numeric=exact scales=f32 order=columns a=1ns",
                "`entry m=1",
            ),
            (7, "note", "`entry`, or at the end `sha256` with a digest"),
        ];
        for (place, line, expected) in cases {
            let mut lines = good.clone();
            lines[place] = line;
            let error = Table::parse(&sealed(&lines)).unwrap_err();
            assert!(
                matches!(&error, TableError::Line { line, .. } if *line == place + 1),
                "{error:?}"
            );
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert_eq!(
            Table::parse("").unwrap_err().to_string(),
            "it ends where `q4-kernel tuning` with a version was expected; measure again with `q4 tune`"
        );
        let more = format!("{text}entry\n");
        assert!(
            Table::parse(&more)
                .unwrap_err()
                .to_string()
                .contains("nothing after the digest")
        );
    }

    #[test]
    fn an_entry_that_breaks_a_rule_is_refused_though_its_digest_is_right() {
        let text = sample().text();
        let mut lines: Vec<&str> = text.lines().take(8).collect();
        lines[7] = lines[6];
        let error = Table::parse(&sealed(&lines)).unwrap_err();
        assert!(error.to_string().contains("stands twice"), "{error}");
    }
}
