//! Which kernels are measured on which shapes.

use q4_kernel::{Encoding, LayerShape, NumericClass, ScaleLayout, Shape, Variant, tuning::RowRange};

use crate::{
    adapter::Device,
    architecture::{Architecture, Slot},
    cli::{ModelName, Tune},
    failure::Failure,
    measure::{Extent, Order},
    memory, names,
    serving::{Skipped, first_lines, ruled_out, skipped},
};

/// Everything there is to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layers: Vec<Layer>,
    /// Every variant that is measured, once.
    pub(super) variants: Vec<&'static Variant>,
    /// Variants that were left out of a shape.
    pub(super) skipped: Vec<Skipped>,
}

/// A layer, whose weights are made and uploaded once for all numbers of rows.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) scales: ScaleLayout,
    pub(super) jobs: Vec<Job>,
}

/// A shape and those who race on it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) shape: Shape,
    pub(super) races: Vec<Race>,
}

/// Variants of one numeric class: each class has a race of its own, so that the best exact kernel is known well though others are faster.
#[derive(Debug)]
pub(super) struct Race {
    pub(super) variants: Vec<&'static Variant>,
}

/// The models whose layers are measured where no shape is given.
const MODELS: [ModelName; 2] = [ModelName::Llama32_1b, ModelName::Llama31_8b];
/// The layer, N x K, that a software adapter multiplies in no time.
const LAYER_ON_CPU: (u32, u32) = (512, 512);
/// The vocabulary is multiplied by the last row of each sequence: more rows than a batch or a few guesses ahead have do not come.
const MOST_ROWS_OF_VOCABULARY: u32 = 16;
/// Copies of the weights that a race rotates over, at most. More buffers take longer to bind than the race itself; with 128 copies, matrices of 0.5
/// MiB and more still exceed caches of 50 MB, and of smaller ones the launch takes all the time.
const MOST_COPIES: usize = 128;

impl Plan {
    /// What was asked for, as far as the device can run it.
    ///
    /// # Errors
    /// If nothing is left, or a name is of no kernel.
    pub(super) fn of(arguments: &Tune, device: &Device) -> Result<Self, Failure> {
        let mut wanted: Vec<&'static Variant> = Vec::new();
        for pattern in &arguments.kernels {
            for variant in names::matching(pattern)? {
                if !wanted.iter().any(|known| known.name == variant.name) {
                    wanted.push(variant);
                }
            }
        }
        let classes = NumericClass::ALL
            .into_iter()
            .filter(|class| *class == NumericClass::Exact || arguments.numeric.contains(class));
        let classes: Vec<NumericClass> = classes.collect();

        let mut refused = Vec::new();
        let mut layers: Vec<Layer> = Vec::new();
        for &scales in &arguments.scales {
            for shape in shapes(arguments, device) {
                let mut races = Vec::new();
                for &numeric in &classes {
                    let mut variants = Vec::new();
                    for &variant in &wanted {
                        let configuration = variant.configuration;
                        // Tables are of q4gsw weights.
                        if configuration.encoding != Encoding::Symmetric
                            || (configuration.numeric, configuration.scales) != (numeric, scales.0)
                        {
                            continue;
                        }
                        match ruled_out(device, variant, shape) {
                            None => variants.push(variant),
                            Some(reason) => refused.push((reason.to_string(), variant.name.as_ref())),
                        }
                    }
                    if !variants.is_empty() {
                        races.push(Race { variants });
                    }
                }
                if !races.is_empty() {
                    add(&mut layers, scales.0, Job { shape, races });
                }
            }
        }
        let skipped = skipped(refused);
        if layers.is_empty() {
            let reasons: Vec<String> = skipped
                .iter()
                .map(|Skipped { reason, variants }| format!("  {} variants: {reason}", variants.len()))
                .collect();
            return Err(Failure::Unserved(format!(
                "no kernel that was asked for serves any of the shapes on {}:\n{}",
                device.info.name,
                first_lines(&reasons)
            )));
        }
        let mut variants = Vec::new();
        let raced = layers.iter().flat_map(|layer| &layer.jobs);
        for variant in raced.flat_map(Job::variants) {
            if !variants.iter().any(|known: &&Variant| known.name == variant.name) {
                variants.push(variant);
            }
        }
        Ok(Self {
            layers,
            variants,
            skipped,
        })
    }

    /// Refuses what there is no room for, before anything is allocated.
    pub(super) fn check_memory(&self, device: &Device) -> Result<(), Failure> {
        for layer in &self.layers {
            for job in &layer.jobs {
                let extent = Extent {
                    copies: layer.copies(device),
                    // What the outputs are poisoned from is as large.
                    outputs: 2,
                };
                memory::Measured::shape(job.shape, extent)
                    .check(device.gpu.capabilities(), device.runs_on_cpu())?;
            }
        }
        Ok(())
    }

    /// How many times a variant comes to a shape.
    pub(super) fn runners(&self) -> usize {
        let jobs = self.layers.iter().flat_map(|layer| &layer.jobs);
        jobs.map(|job| job.variants().count()).sum()
    }

    /// Shapes there are.
    pub(super) fn jobs(&self) -> usize {
        self.layers.iter().map(|layer| layer.jobs.len()).sum()
    }
}

impl Layer {
    /// Copies of the weights that races rotate over.
    pub(super) fn copies(&self, device: &Device) -> usize {
        let LayerShape { n, k, group_size } = self.shape;
        let shape = Shape {
            m: 1,
            n,
            k,
            group_size,
        };
        Extent::of(shape, Order::Dependent, device)
            .copies
            .min(MOST_COPIES)
    }

    /// The most rows of any of its jobs.
    pub(super) fn most_rows(&self) -> u32 {
        self.jobs.iter().map(|job| job.shape.m).max().unwrap_or(1)
    }
}

impl Job {
    /// All that race, of every class.
    pub(super) fn variants(&self) -> impl Iterator<Item = &'static Variant> {
        self.races.iter().flat_map(|race| race.variants.iter().copied())
    }
}

fn add(layers: &mut Vec<Layer>, scales: ScaleLayout, job: Job) {
    let Shape { n, k, group_size, .. } = job.shape;
    let shape = LayerShape { n, k, group_size };
    match layers
        .iter_mut()
        .find(|layer| (layer.shape, layer.scales) == (shape, scales))
    {
        Some(layer) => layer.jobs.push(job),
        None => layers.push(Layer {
            shape,
            scales,
            jobs: vec![job],
        }),
    }
}

/// The shapes that were asked for, each once.
fn shapes(arguments: &Tune, device: &Device) -> Vec<Shape> {
    let Tune {
        m,
        n,
        k,
        shapes,
        group,
        ..
    } = arguments;
    let rows: Vec<u32> = if m.is_empty() {
        RowRange::ALL.map(RowRange::representative).to_vec()
    } else {
        m.clone()
    };
    let mut products: Vec<(u32, u32, u32)> = Vec::new();
    if !shapes.is_empty() {
        products.extend(shapes.iter().map(|product| (product.m, product.n, product.k)));
    } else if !n.is_empty() {
        let layers = n.iter().flat_map(|&n| k.iter().map(move |&k| (n, k)));
        products.extend(layers.flat_map(|(n, k)| rows.iter().map(move |&m| (m, n, k))));
    } else if device.runs_on_cpu() {
        let (n, k) = LAYER_ON_CPU;
        products.extend(rows.iter().map(|&m| (m, n, k)));
    } else {
        for model in MODELS {
            // The group size changes nothing about N and K.
            for matrix in Architecture::of(model).matrices(1) {
                let most = if matrix.to == Slot::Logits {
                    MOST_ROWS_OF_VOCABULARY
                } else {
                    u32::MAX
                };
                let rows = rows.iter().filter(|&&m| m <= most);
                products.extend(rows.map(|&m| (m, matrix.shape.n, matrix.shape.k)));
            }
        }
    }
    let mut found: Vec<Shape> = Vec::new();
    for &group_size in group {
        for &(m, n, k) in &products {
            let shape = Shape { m, n, k, group_size };
            if !found.contains(&shape) {
                found.push(shape);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{
        cli::{Cli, Command},
        testing,
    };

    fn arguments(line: &str) -> Tune {
        match Cli::parse_from(format!("q4 tune {line}").split_whitespace()).command {
            Command::Tune(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_layer_is_uploaded_once_for_all_rows_and_every_class_has_a_race_of_its_own() {
        let device = testing::device();
        let line = "--m 1,4 --n 64 --k 128,256 --numeric int8_activations --kernels *g32*";
        let plan = Plan::of(&arguments(line), &device).unwrap();
        let layers: Vec<_> = plan
            .layers
            .iter()
            .map(|layer| (layer.shape.k, layer.most_rows(), layer.jobs.len()))
            .collect();
        assert_eq!(layers, [(128, 4, 2), (256, 4, 2)]);
        for job in plan.layers.iter().flat_map(|layer| &layer.jobs) {
            let classes: Vec<Vec<NumericClass>> = job
                .races
                .iter()
                .map(|race| {
                    let mut classes: Vec<NumericClass> = race
                        .variants
                        .iter()
                        .map(|variant| variant.configuration.numeric)
                        .collect();
                    classes.dedup();
                    classes
                })
                .collect();
            assert_eq!(classes[0], [NumericClass::Exact]);
            assert!(
                classes[1..]
                    .iter()
                    .all(|classes| *classes == [NumericClass::Int8Activations])
            );
        }
        assert_eq!(plan.jobs(), 4);
        assert!(plan.runners() > plan.variants.len());
    }

    #[test]
    fn every_range_of_rows_is_measured_where_no_rows_are_given() {
        let device = testing::device();
        let shapes = shapes(&arguments("--n 64 --k 64 --group 32,32"), &device);
        let rows: Vec<RowRange> = shapes.iter().map(|shape| RowRange::of(shape.m)).collect();
        assert_eq!(rows, RowRange::ALL);
    }

    #[test]
    fn nothing_left_to_measure_is_an_error_with_every_reason() {
        let device = testing::device();
        let line = "--m 5 --n 64 --k 64 --kernels coop4_*";
        let error = Plan::of(&arguments(line), &device).unwrap_err().to_string();
        assert!(error.contains("it multiplies one row, and M is 5"), "{error}");
    }
}
