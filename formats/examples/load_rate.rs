//! Writes a GGUF file of one format and about 1 GB, loads every matrix of it, and says how fast and with how much memory.
//!
//! ```sh
//! cargo run --release -p q4-kernel-formats --example load_rate -- q4_0
//! ```
//!
//! The first round may read from the disk, the others find the file in memory. Memory is what the process has allocated while a matrix is loaded; pages of the mapped file,
//! which the system takes back as it likes, are not counted.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    time::Instant,
};

use q4_kernel_formats::{Model, Stored};

const N: u64 = 4096;
const K: u64 = 16384;
const BYTES: u64 = 1_000_000_000;
const ROUNDS: u32 = 3;

/// Name, number, elements and bytes of a block.
const FORMATS: [(&str, u32, u64, u64); 6] = [
    ("q4_0", 2, 32, 18),
    ("q4_1", 3, 32, 20),
    ("q4_k", 12, 256, 144),
    ("iq4_nl", 20, 32, 18),
    ("mxfp4", 39, 32, 17),
    ("nvfp4", 40, 64, 36),
];

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "q4_0".to_owned());
    let format = FORMATS.into_iter().find(|(name, ..)| *name == wanted);
    let format = format.ok_or("name one of q4_0, q4_1, q4_k, iq4_nl, mxfp4, nvfp4")?;
    let path = std::env::temp_dir().join(format!("q4-load-rate-{}.gguf", std::process::id()));
    let measured = write(&path, format).and_then(|()| measure(&path));
    std::fs::remove_file(&path)?;
    measured
}

/// Blocks of one byte over and over, which every format takes for finite numbers.
fn write(path: &Path, (_, number, elements, block): (&str, u32, u64, u64)) -> Result<(), Box<dyn Error>> {
    let bytes = N * K / elements * block;
    let count = BYTES.div_ceil(bytes);
    let mut header = b"GGUF\x03\0\0\0".to_vec();
    header.extend(count.to_le_bytes());
    header.extend(0_u64.to_le_bytes());
    for index in 0..count {
        let name = format!("blk.{index}.ffn_down.weight");
        header.extend((name.len() as u64).to_le_bytes());
        header.extend(name.as_bytes());
        header.extend(2_u32.to_le_bytes());
        header.extend([K, N].into_iter().flat_map(u64::to_le_bytes));
        header.extend(number.to_le_bytes());
        header.extend((index * bytes).to_le_bytes());
    }
    header.resize(header.len().next_multiple_of(32), 0);
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&header)?;
    let row = vec![0x35; (K / elements * block) as usize];
    for _ in 0..count * N {
        file.write_all(&row)?;
    }
    file.into_inner()?.sync_all()?;
    Ok(())
}

fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::metadata(path)?.len();
    let before = allocated();
    for round in 1..=ROUNDS {
        let begin = Instant::now();
        let model = Model::open(path)?;
        let opened = begin.elapsed();
        let mut peak = 0;
        for matrix in model.matrices() {
            let weights = model.load(&matrix.name)?;
            let Stored::Quantized(_) = &weights else {
                return Err("the matrices have four bits".into());
            };
            peak = peak.max(allocated().unwrap_or_default());
        }
        let seconds = begin.elapsed().as_secs_f64();
        print!(
            "round {round}: {} matrices, {:.3} GB opened in {:.1} ms and loaded at {:.2} GB/s",
            model.matrices().len(),
            bytes as f64 / 1e9,
            opened.as_secs_f64() * 1e3,
            bytes as f64 / 1e9 / seconds
        );
        match (before, model.matrices().first()) {
            (Some(before), Some(matrix)) => println!(
                ", at most {:.1} MB allocated for matrices of {:.1} MB",
                peak.saturating_sub(before) as f64 / 1e6,
                matrix.bytes as f64 / 1e6
            ),
            _ => println!(),
        }
    }
    Ok(())
}

/// Bytes of this process that no file is behind, where the system tells.
fn allocated() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}
