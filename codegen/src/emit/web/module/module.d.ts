/** What was given, what was expected and what to do. */
export declare class Q4Error extends Error {}

/** The size of a layer: output features, input features, consecutive input features that share a scale. */
export interface LayerShape {
  n: number;
  k: number;
  groupSize: number;
}

/** How a nibble `q`, 0 to 15, and the numbers of its group make a weight. */
export type Encoding = 'symmetric' | 'zero_point' | 'minimum' | 'codebook';

/** 4-bit weights in host memory: `scale * (q - 8)`, unless they have the numbers of another encoding. */
export interface Layer extends LayerShape {
  /** `[n, ceil(k / 2)]` bytes, even k in the low nibble; `pack` makes them. */
  weight: Uint8Array;
  /** `[ceil(k / groupSize), padded n]`, n being padded to a multiple of 4; the padding is never used. */
  scales: Float32Array;
  /** Of each scale's group and column: a weight is `scale * (q - zero point)`. */
  zeroPoints?: Uint8Array;
  /** Of each scale's group and column: a weight is `scale * q + minimum`. */
  minimums?: Float32Array;
  /** 16 of them: a weight is `scale * levels[q]`. Where a format has a scale of the whole tensor, the levels are multiplied by it. */
  levels?: Float32Array;
  /** `[n]`, where there is one. */
  bias?: Float32Array;
}

/** Part of a buffer with the usage `STORAGE`. `x` starts at a multiple of 16 bytes, `y` at one of 4. */
export interface Operand {
  buffer: GPUBuffer;
  offset?: number;
  size?: number;
}

/** Which variant runs, and what was said of those before it. */
export interface Routing {
  variant?: VariantName;
  route?: Route;
  /** What was measured of it, and for which shape, where a table decided; undefined where the built-in order did. */
  measured?: LayerShape & { m: number; nanoseconds: number };
  considered: { variant: VariantName; route: Route; reason: string }[];
}

/** `decode` for one row, `few` for a few, `prefill` for any number. */
export type Route = 'decode' | 'few' | 'prefill';

/** By how much an output may differ from the reference: it is wrong only if it misses every bound. */
export interface Tolerance {
  /** The largest k that the bounds are for. */
  mostK: number;
  absolute: number;
  relative: number;
  relativeFloor: number;
  /** Relative to the root of the sum of the squared products behind an output. */
  ofProducts: number;
}

/** How outputs compare with the reference. */
export interface Comparison {
  outputs: number;
  wrong: number;
  /** The largest difference. */
  worst: number;
  /** The first wrong output. */
  first?: { index: number; expected: number; got: number };
}

/** Opens a device with every feature and limit of the adapter that kernels can use. */
export declare function openDevice(options?: GPURequestAdapterOptions & { gpu?: GPU }): Promise<GPUDevice>;

/** Quantises `[n, k]` weights: symmetric, one scale for each `groupSize` consecutive k of a row. */
export declare function quantize(weights: ArrayLike<number>, shape: LayerShape, bias?: ArrayLike<number>): Layer;

/** Packs `[n, k]` nibbles of any encoding as kernels read them: two to a byte, even k in the low half, each row on bytes of its own. */
export declare function pack(nibbles: ArrayLike<number>, shape: { n: number; k: number }): Uint8Array;

/** How a layer's nibbles and the numbers of their groups make weights. */
export declare function encodingOf(layer: Layer): Encoding;

/** One row of weights, rounded to f32. */
export declare function dequantizedRow(layer: Layer, column: number): Float32Array;

/** The workgroups of a variant for m rows and n columns on a device that allows `limit` of them per dimension. */
export declare function grid(variant: VariantName, m: number, n: number, limit: number): [number, number, number];

/**
 * `x[m, k] * layer^T (+ bias)` in float64, and behind each output the root of the sum of the squared products, and of those with the terms that weights
 * are made of. Of some columns only, where these are named. Slow: for tests.
 */
export declare function reference(x: ArrayLike<number>, layer: Layer, columns?: readonly number[]): Reference;

/** What `compare` holds outputs to. */
export interface Reference {
  y: Float64Array;
  products: Float64Array;
  terms: Float64Array;
}

/** The bounds for a variant's sums over k elements. */
export declare function tolerance(variant: VariantName, k: number): Tolerance;

/** Compares outputs of a variant with the reference. */
export declare function compare(
  variant: VariantName,
  k: number,
  expected: Reference,
  got: ArrayLike<number>,
): Comparison;

/** The text of every variant. */
export declare const WGSL: Readonly<Record<VariantName, string>>;

/** Weights on a device. */
export interface Weights extends Readonly<LayerShape> {
  readonly device: GPUDevice;
  readonly encoding: Encoding;
  readonly hasBias: boolean;
  /** Bytes on the device: weights, the numbers of their groups, codebook and bias. */
  readonly bytes: number;
  /** Forgets the bind groups that earlier dispatches made, and so lets go of their buffers. */
  forgetBindings(): void;
  /** Gives the memory of the device back. */
  destroy(): void;
}

/** A multiplication with everything bound: record it as often as its buffers live. */
export interface Call {
  readonly variant: VariantName;
  /** The grids that are dispatched: one, unless the multiplication is split. */
  readonly grids: [number, number, number][];
  record(pass: GPUComputePassEncoder): void;
}

/** What came of measuring. */
export interface Tuned {
  /** The text of a table, for `create` and to be kept. */
  table: string;
  /** Variants that computed wrongly, and for which shape. */
  leftOut: (LayerShape & { variant: VariantName; m: number; reason: string })[];
}

/** The kernels of one description on a device. */
export declare class Linear {
  protected constructor();

  /**
   * Readies the kernel. Where its whole shape is fixed, pipelines are compiled now, otherwise by `upload`.
   *
   * A table that is of another adapter, of another version or damaged is not followed: `refusedTables` and a warning on the console say why.
   *
   * @param options.languageFeatures what the WGSL of this place has; left out, what `navigator.gpu` says
   * @param options.tuning texts of tables that `tune` made, the first one first
   * @param options.adapterInfo which adapter it is; left out, what the device says
   */
  static create<T extends Linear>(
    this: { prototype: T },
    device: GPUDevice,
    options?: { languageFeatures?: ReadonlySet<string>; tuning?: string | readonly string[]; adapterInfo?: GPUAdapterInfo },
  ): Promise<T>;

  readonly device: GPUDevice;

  /** Why tables that were given are not followed. */
  readonly refusedTables: readonly string[];

  /**
   * Measures which variants are fastest here: every one of this kernel that the device runs and that serves the shape. Outputs are compared with
   * float64 on a sample of them; a variant that computes wrongly is left out.
   *
   * @param layers shapes, as far as the description leaves them open
   * @param options.rows numbers of rows; left out, one for each range that is routed alike
   * @param options.seconds how long to measure, in all; compiling and uploading come on top. Left out, 10
   * @param options.earlier a table of this adapter, whose entries stay where nothing newer was measured
   */
  tune(
    layers?: readonly Partial<LayerShape>[],
    options?: { rows?: readonly number[]; seconds?: number; earlier?: string | readonly string[] },
  ): Promise<Tuned>;

  /** Copies weights to the device, after checking them, and compiles the pipelines that are chosen for them. */
  upload(layer: Layer): Promise<Weights>;

  /** Records `y[rows, n] = x[rows, k] * weights^T (+ bias)` into a compute pass. Nothing is submitted. */
  dispatch(
    pass: GPUComputePassEncoder,
    weights: Weights,
    x: GPUBuffer | Operand,
    y: GPUBuffer | Operand,
    rows: number,
  ): void;

  /** The dispatch ready to be recorded, for those who keep it themselves. */
  prepare(weights: Weights, x: GPUBuffer | Operand, y: GPUBuffer | Operand, rows: number): Call;

  /** Says which variant runs for `rows` rows. What the description leaves open, `shape` says. */
  route(rows: number, shape?: Partial<LayerShape>): Routing;

  /** The layer as the device computes with it: its scales, and minimums beside them, rounded as they are stored. */
  asStored(layer: Layer): Layer;
}
