// A linear layer's kernels on a device.

let nextId = 0;
/** A number for each buffer, to tell calls apart. */
const bufferIds = new WeakMap();
/** Of each device, the layouts and the pipelines: one for each text, whatever kernels use it. */
const sharedOf = new WeakMap();

function shared(device) {
  let found = sharedOf.get(device);
  if (found === undefined) {
    found = { layouts: new Map(), pipelines: new Map(), dummyBias: undefined };
    sharedOf.set(device, found);
  }
  return found;
}

/** What kernels for weights of an encoding bind. */
function layoutFor(device, encoding) {
  const { layouts } = shared(device);
  if (!layouts.has(encoding)) {
    const bindGroup = device.createBindGroupLayout({
      label: 'q4',
      entries: FACTS.bindings[encoding].map(({ binding, type }) => ({
        binding,
        visibility: COMPUTE_STAGE,
        buffer: { type, minBindingSize: type === 'uniform' ? FACTS.params.bytes : 0 },
      })),
    });
    const pipeline = device.createPipelineLayout({ label: 'q4', bindGroupLayouts: [bindGroup] });
    layouts.set(encoding, { bindGroup, pipeline });
  }
  return layouts.get(encoding);
}

// The specification's numbers, for places that have no such global.
const COMPUTE_STAGE = 4;
const USAGE = { uniform: 64, storage: 128 };

/** Candidates of which no table speaks: as they stand, but those that come first for few rows before the one that they name, those for fewer rows before others. */
function builtInOrder(a, b, m) {
  const key = ({ place, first }) => (first !== undefined && m <= first.rows ? [first.place, 0, first.rows] : [place, 1, 0]);
  const [of, than] = [key(a), key(b)];
  return of[0] - than[0] || of[1] - than[1] || of[2] - than[2] || a.place - b.place;
}

/**
 * The kernels of one description on a device: routes rows to variants, uploads weights, records dispatches. The classes of this module say which
 * description.
 */
export class Linear {
  #device;
  #id = (nextId += 1);
  /** Every variant, in the built-in order: decode, few, prefill, others. */
  #candidates;
  #adapter;
  #tables = [];
  #refused = [];

  constructor(device, languageFeatures, adapterInfo) {
    this.#device = device;
    this.#adapter = adapterOf(adapterInfo);
    const { routes, others, precedences } = this.description;
    const candidate = (name, route) => ({ name, route, unmet: unmet(VARIANTS[name], device, languageFeatures) });
    const onRoutes = ROUTES.flatMap((route) => routes[route].map((name) => candidate(name, route)));
    this.#candidates = [...onRoutes, ...others.map((name) => candidate(name, VARIANTS[name].route))];
    this.#candidates.forEach((candidate, place) => {
      candidate.place = place;
    });
    for (const { variant, rows, before } of precedences) {
      const placeOf = (name) => onRoutes.findIndex((candidate) => candidate.name === name);
      onRoutes[placeOf(variant)].first = { rows, place: placeOf(before) };
    }
    const everyM = onRoutes.filter(({ route }) => route === 'prefill');
    if (everyM.every((candidate) => candidate.unmet)) {
      const reasons = everyM.map(({ name, unmet }) => `${name}: ${unmet}`).join('; ');
      throw new Q4Error(`the device runs no variant of ${this.description.name} that serves every M (${reasons})`);
    }
  }

  /** Readies the kernel. Where its whole shape is fixed, pipelines are compiled now, otherwise by `upload`. Tables of `tune` say which variants come first. */
  static async create(
    device,
    { languageFeatures = globalThis.navigator?.gpu?.wgslLanguageFeatures ?? new Set(), tuning = [], adapterInfo = device.adapterInfo } = {},
  ) {
    const linear = new this(device, languageFeatures, adapterInfo);
    const { tables, refused } = await tablesFor(linear.#adapter, [tuning].flat());
    linear.#tables = tables;
    linear.#refused = refused;
    const { n, k, groupSize } = linear.description;
    if (n !== null && k !== null && groupSize !== null) {
      await linear.#compile({ n, k, groupSize });
    }
    return linear;
  }

  /** What the module knows of the layer. */
  get description() {
    return this.constructor.DESCRIPTION;
  }

  get device() {
    return this.#device;
  }

  /** Why tables that were given are not followed. */
  get refusedTables() {
    return this.#refused;
  }

  /** The layer as the device computes with it: its scales, and minimums beside them, rounded as they are stored. */
  asStored(layer) {
    return asStoredIn(layer, this.description.scales.format);
  }

  /** Copies weights to the device, after checking them, and compiles the pipelines that are chosen for them. */
  async upload(layer) {
    this.#check({ ...layer, encoding: encodingOf(layer), hasBias: layer.bias !== undefined });
    checkLayer(layer);
    this.#choose({ m: 1, ...layer });
    await this.#compile(layer);
    return new Weights(this.#device, this.asStored(layer), this.description.scales);
  }

  /**
   * Records `y[rows, n] = x[rows, k] * weights^T (+ bias)` into a compute pass, and with it the pass's pipeline and bind group 0. Nothing is submitted.
   *
   * `x` and `y` are buffers, or `{ buffer, offset, size }` for parts of them.
   */
  dispatch(pass, weights, x, y, rows) {
    this.prepare(weights, x, y, rows).record(pass);
  }

  /** The dispatch ready to be recorded. Kept with the weights, so that the same buffers and rows make nothing anew. */
  prepare(weights, x, y, rows) {
    const [from, to] = [operand('x', x), operand('y', y)];
    const key = [this.#id, rows, ...[from, to].flatMap(({ buffer, offset, size }) => [idOf(buffer), offset, size])].join();
    return weights.kept(key, () => this.#call(weights, from, to, rows));
  }

  /** Says which variant runs for `rows` rows, the measurement that decided where one did, and what was said of those before it. */
  route(rows, shape = {}) {
    const layer = this.#layerOf(shape);
    checkShape(layer);
    return this.#route({ m: rows, ...layer });
  }

  /** A shape as far as it is given, completed by what the description fixes. */
  #layerOf(shape) {
    const { n, k, groupSize } = this.description;
    return { n: n ?? shape.n, k: k ?? shape.k, groupSize: groupSize ?? shape.groupSize };
  }

  /** The class that the description allows beside the exact one, as far as its variants show. */
  get #numeric() {
    const classes = this.#candidates.map(({ name }) => VARIANTS[name].numeric);
    return classes.find((numeric) => numeric !== 'exact') ?? 'exact';
  }

  /** The candidates for a shape: those of the nearest entry of each table, then the others in the built-in order. */
  #inOrder(shape) {
    const entries = this.#tables.map((table) => nearest(table, shape, this.#numeric, this.description.scales)).filter((entry) => entry !== undefined);
    const placed = this.#candidates
      .filter(({ route }) => route !== 'decode' || shape.m === 1)
      .map((candidate) => {
        const { kind } = VARIANTS[candidate.name];
        const places = entries.map(({ candidates }) => candidates.findIndex((measured) => measured.kind === kind));
        const table = places.findIndex((place) => place >= 0);
        return table < 0
          ? { candidate, table: entries.length, place: 0 }
          : { candidate, table, place: places[table], entry: entries[table] };
      });
    return placed.sort((a, b) => a.table - b.table || a.place - b.place || builtInOrder(a.candidate, b.candidate, shape.m));
  }

  #route(shape) {
    const considered = [];
    for (const { candidate, entry, place } of this.#inOrder(shape)) {
      const { name, route, unmet } = candidate;
      const reason = unmet ?? refusal(VARIANTS[name], shape);
      if (reason === undefined) {
        const { m, n, k, groupSize } = entry ?? {};
        const measured = entry && { m, n, k, groupSize, nanoseconds: entry.candidates[place].nanoseconds };
        return { variant: name, route, measured, considered };
      }
      considered.push({ variant: name, route, reason });
    }
    return { variant: undefined, route: undefined, measured: undefined, considered };
  }

  #choose(shape) {
    const { variant, considered } = this.#route(shape);
    if (variant === undefined) {
      const { m, k, groupSize } = shape;
      const reasons = considered.map(({ variant, reason }) => `${variant}: ${reason}`).join('; ');
      throw new Q4Error(`no variant of ${this.description.name} serves m=${m} k=${k} groupSize=${groupSize} here (${reasons})`);
    }
    return variant;
  }

  #check({ n, k, groupSize, encoding, hasBias }) {
    const { name, bias, ...fixed } = this.description;
    if (encoding !== fixed.encoding) {
      const field = FIELD_OF[fixed.encoding];
      const expected = field === undefined ? 'symmetric ones' : `${fixed.encoding}, as layers with ${field} are`;
      throw new Q4Error(`the weights are ${encoding}, and ${name} multiplies by ${expected}; describe a kernel with their format`);
    }
    for (const [dimension, given] of Object.entries({ n, k, groupSize })) {
      const expected = fixed[dimension];
      if (expected !== null && expected !== given) {
        throw new Q4Error(`${name} is made for ${dimension} = ${expected}, and the weights have ${dimension} = ${given}`);
      }
    }
    if (bias === 'never' && hasBias) {
      throw new Q4Error(`${name} adds no bias, and the weights have one; leave it out, or describe the layer with an optional bias`);
    }
    if (bias === 'always' && !hasBias) {
      throw new Q4Error(`${name} adds a bias, and the weights have none`);
    }
  }

  /** Compiles what is chosen for a layer, whatever its rows: choices change only where a range of rows ends, or a variant serves no more. */
  async #compile({ n, k, groupSize }) {
    const served = this.#candidates.map(({ name }) => VARIANTS[name].constraints.mostRows);
    const ends = FACTS.tuning.ranges.flatMap(({ first, last }) => [first, last]);
    const few = this.description.precedences.flatMap(({ rows }) => [rows, rows + 1]);
    const chosen = new Set([...served, ...ends, ...few].map((m) => this.#route({ m, n, k, groupSize }).variant));
    chosen.delete(undefined);
    await Promise.all([...chosen].map((name) => this.#compiled(name)));
  }

  async #compiled(name) {
    const { pipelines } = shared(this.#device);
    if (!pipelines.has(name)) {
      try {
        pipelines.set(name, await this.#device.createComputePipelineAsync(this.#pipelineDescriptor(name)));
      } catch (error) {
        throw new Q4Error(`the device refused ${name}: ${error.message}`);
      }
    }
  }

  #pipeline(name) {
    const { pipelines } = shared(this.#device);
    if (!pipelines.has(name)) {
      // Weights that were uploaded through another kernel.
      pipelines.set(name, this.#device.createComputePipeline(this.#pipelineDescriptor(name)));
    }
    return pipelines.get(name);
  }

  #pipelineDescriptor(name) {
    const module = this.#device.createShaderModule({ label: name, code: WGSL[name] });
    return { label: name, layout: layoutFor(this.#device, this.description.encoding).pipeline, compute: { module, entryPoint: FACTS.entryPoint } };
  }

  #call(weights, x, y, rows, variant) {
    if (!Number.isInteger(rows) || rows < 1 || rows > FACTS.mostDimension) {
      throw new Q4Error(`rows is ${rows}; a whole number from 1 to ${FACTS.mostDimension} is expected`);
    }
    if (weights.device !== this.#device) {
      throw new Q4Error('the weights are on another device than the kernel; upload them through this kernel');
    }
    this.#check(weights);
    const { n, k, groupSize } = weights;
    const { format, order } = this.description.scales;
    if (weights.scales.format !== format || weights.scales.order !== order) {
      throw new Q4Error(`the scales of the weights are stored as ${weights.scales.format} by ${weights.scales.order}, and ${this.description.name} reads ${format} by ${order}; upload them through this kernel`);
    }
    checkOperand('x', x, rows, k, INPUT_ALIGNMENT);
    checkOperand('y', y, rows, n, ELEMENT);
    if (x.buffer === y.buffer) {
      throw new Q4Error('x and y are the same buffer; a kernel cannot read what it writes');
    }
    const name = variant ?? this.#choose({ m: rows, n, k, groupSize });
    const steps = weights.chunks.flatMap((chunk) =>
      windows(this.#device, name, { rows, k, n, ...chunk }, x, y).map((window) => ({
        bindGroup: this.#bind(weights, chunk, window),
        grid: window.grid,
      })),
    );
    return new Call(name, this.#pipeline(name), steps);
  }

  /**
   * Measures, for about so many seconds, which variants are fastest here for layers of some shapes and so many rows: every variant that the device runs
   * and that serves them, the others of the export among them. Returns the text of a table for `create`, and who was left out because of what it
   * computes. Entries of an `earlier` table of this adapter stay, where nothing newer was measured.
   */
  async tune(layers = [{}], { rows = FACTS.tuning.ranges.map(({ measuredAt }) => measuredAt), seconds = 10, earlier = [] } = {}) {
    const shapes = layers.map((layer) => this.#layerOf(layer));
    for (const { n, k, groupSize } of shapes) {
      checkShape({ n, k, groupSize });
      rows.forEach((m) => checkMeasured(this.#device, m, Math.max(n, k)));
    }
    const share = (seconds * 1000) / (shapes.length * rows.length);
    const { tables } = await tablesFor(this.#adapter, [earlier].flat());
    const [entries, leftOut] = [[], []];
    for (const shape of shapes) {
      const layer = this.asStored(measuredLayer(this.description, shape, numbers()));
      const copy = () => new Weights(this.#device, layer, this.description.scales);
      const copies = [copy()];
      try {
        while (copies.length < MOST_COPIES && copies.length * copies[0].bytes < ROTATED_BYTES) {
          copies.push(copy());
        }
        for (const m of rows) {
          const candidates = await this.#race(layer, copies, m, share, leftOut);
          if (candidates.length > 0) {
            entries.push({ m, ...shape, numeric: this.#numeric, scales: this.description.scales, candidates });
          }
        }
      } finally {
        copies.forEach((weights) => weights.destroy());
      }
    }
    const driver = oneLine(globalThis.navigator?.userAgent ?? '');
    const known = tables.flatMap((table) => table.entries);
    return { table: await tableText({ adapter: this.#adapter, driver, entries: merged(known, entries) }), leftOut };
  }

  /** Lets all that serve a layer race, and returns the kinds with their times, the fastest first. */
  async #race(layer, copies, m, milliseconds, leftOut) {
    const { n, k, groupSize } = layer;
    const x = Float32Array.from({ length: m * k }, numbers());
    const input = filledBuffer(this.#device, 'q4 input', MEASURING.storage, x);
    const output = this.#device.createBuffer({ label: 'q4 output', size: m * n * ELEMENT, usage: MEASURING.storage });
    const fault = judge(layer, x, m);
    const runners = [];
    try {
      for (const { candidate } of this.#inOrder({ m, n, k, groupSize })) {
        const { name, unmet } = candidate;
        if (unmet !== undefined || refusal(VARIANTS[name], { m, n, k, groupSize }) !== undefined) {
          continue;
        }
        const { runner, reason } = await this.#ready(name, { copies, input, output, m, fault });
        if (reason === undefined) {
          runners.push(runner);
        } else {
          leftOut.push({ variant: name, m, n, k, groupSize, reason });
        }
      }
      await race(runners, milliseconds);
    } finally {
      input.destroy();
      output.destroy();
    }
    return runners
      .map(({ name, milliseconds }) => ({ kind: VARIANTS[name].kind, nanoseconds: Math.max(Math.round(milliseconds * 1e6), 1) }))
      .sort((a, b) => a.nanoseconds - b.nanoseconds);
  }

  /** A variant ready for a race, or the reason why it cannot take part. */
  async #ready(name, { copies, input, output, m, fault }) {
    let calls;
    try {
      await this.#compiled(name);
      calls = copies.map((weights) => this.#call(weights, operand('x', input), operand('y', output), m, name));
    } catch (error) {
      if (error instanceof Q4Error) {
        return { reason: error.message };
      }
      throw error;
    }
    clear(this.#device, output);
    submitted(this.#device, calls, 0, 1);
    return { runner: new Runner(this.#device, name, calls), reason: fault(name, await readBack(this.#device, output)) };
  }

  #bind(weights, chunk, { m, input, output }) {
    const { n, k, groupSize } = weights;
    const count = chunk.end - chunk.first;
    const values = {
      M: m,
      N: count,
      K: k,
      K_packed: packedK(k),
      group_size: groupSize,
      padded_N: paddedN(count),
      has_bias: weights.hasBias ? 1 : 0,
      output_stride: n,
      input_offset: input.skipped,
      output_offset: output.skipped,
    };
    const words = new Uint32Array(FACTS.params.bytes / Uint32Array.BYTES_PER_ELEMENT);
    for (const [field, offset] of Object.entries(FACTS.params.offsets)) {
      words[offset / Uint32Array.BYTES_PER_ELEMENT] = values[field];
    }
    const resources = {
      output: output.binding,
      input: input.binding,
      weight: { buffer: chunk.weight },
      scales: { buffer: chunk.scales },
      bias: { buffer: chunk.bias },
      offsets: { buffer: chunk.offsets },
      codebook: { buffer: chunk.codebook },
      params: { buffer: filledBuffer(this.#device, 'q4 params', USAGE.uniform, words) },
    };
    return this.#device.createBindGroup({
      label: 'q4',
      layout: layoutFor(this.#device, weights.encoding).bindGroup,
      entries: FACTS.bindings[weights.encoding].map(({ binding, name }) => ({ binding, resource: resources[name] })),
    });
  }
}

const ROUTES = ['decode', 'few', 'prefill'];
/** Inputs may be read as `vec4<f32>`. */
const INPUT_ALIGNMENT = 4 * ELEMENT;

function operand(name, given) {
  const buffer = given?.buffer ?? given;
  if (typeof buffer?.size !== 'number') {
    throw new Q4Error(`${name} is no GPUBuffer, and no { buffer, offset, size }`);
  }
  const offset = given.buffer === undefined ? 0 : (given.offset ?? 0);
  const size = given.buffer === undefined ? buffer.size : (given.size ?? buffer.size - offset);
  return { buffer, offset, size };
}

function checkOperand(name, { buffer, offset, size }, rows, columns, alignment) {
  if ((buffer.usage & USAGE.storage) === 0) {
    throw new Q4Error(`the buffer of ${name} lacks the usage STORAGE; add it when the buffer is created`);
  }
  if (offset % alignment !== 0) {
    throw new Q4Error(`${name} starts at byte ${offset}; a multiple of ${alignment} is expected`);
  }
  const needed = rows * columns * ELEMENT;
  if (size < needed || offset + size > buffer.size) {
    throw new Q4Error(`${name} has ${Math.min(size, buffer.size - offset)} bytes, and ${rows} rows of ${columns} need ${needed}`);
  }
}

function idOf(buffer) {
  if (!bufferIds.has(buffer)) {
    bufferIds.set(buffer, (nextId += 1));
  }
  return bufferIds.get(buffer);
}

/** A multiplication with everything bound: record it as often as its buffers live. */
class Call {
  #pipeline;
  #steps;

  constructor(variant, pipeline, steps) {
    this.variant = variant;
    this.#pipeline = pipeline;
    this.#steps = steps;
  }

  record(pass) {
    pass.setPipeline(this.#pipeline);
    for (const { bindGroup, grid } of this.#steps) {
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
    }
  }

  /** The grids that are dispatched: one, unless the multiplication is split. */
  get grids() {
    return this.#steps.map(({ grid }) => grid);
  }
}
