//! Kernels of many variants, compiled several at once.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use q4_kernel::{Gpu, KernelError, Linear, Variant};

use crate::output::Progress;

/// A kernel for each variant, in their order. A driver takes up to half a second for one, and takes several at once.
pub(crate) fn compile(
    gpu: &Gpu,
    variants: &[&Variant],
    progress: &Progress,
) -> Vec<Result<Linear, KernelError>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, variant)) = take(&next, variants) {
            progress.at(format!("pipeline of {}", variant.name));
            done.push((index, Linear::only(gpu, variant)));
            progress.step();
        }
        done
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(variants.len());
    let mut kernels: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                // A panic of the driver's bindings is one of ours, as it would be on this thread.
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    kernels.sort_by_key(|(index, _)| *index);
    kernels.into_iter().map(|(_, kernel)| kernel).collect()
}

fn take<'a>(next: &AtomicUsize, variants: &[&'a Variant]) -> Option<(usize, &'a Variant)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, *variants.get(index)?))
}

#[cfg(test)]
mod tests {
    use q4_kernel::variant;

    use super::*;
    use crate::testing;

    #[test]
    fn kernels_come_in_the_order_of_their_variants_and_one_that_fails_stops_no_other() {
        let device = testing::device();
        let name = "coop4_w32_c1_g32_shared";
        let good = variant(name).unwrap();
        let broken = testing::tampered(name, "fn epilogue", "fn epi logue");
        // The same text on several threads at once is still one kernel each.
        let kernels = compile(&device.gpu, &[good, broken, good, good, good], &Progress::new(5));
        let run: Vec<bool> = kernels.iter().map(Result::is_ok).collect();
        assert_eq!(run, [true, false, true, true, true]);
        assert!(compile(&device.gpu, &[], &Progress::new(0)).is_empty());
        device.check().unwrap();
    }
}
