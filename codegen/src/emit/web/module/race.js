// Measures variants in the place where they will run.

/** Milliseconds of one lap at least: browsers round their clocks, and a submission has a cost of its own. */
const LAP = 16;
/** Dispatches of one lap, at most. */
const MOST_DISPATCHES = 2048;
/** Bytes of weights that laps rotate over, more than the caches of most devices hold, and copies of a small layer, at most. */
const ROTATED_BYTES = 2 ** 27;
const MOST_COPIES = 32;
/** Columns of the outputs that are compared with float64; of the rows the first and the last. */
const COMPARED_COLUMNS = 24;
/** Scales of the layers that are measured: a power of two. */
const SCALE = 2 ** -6;
/** The specification's numbers: storage that is copied from and to, memory to map and copy to, reading what is mapped. */
const MEASURING = { storage: 128 | 4 | 8, reading: 1 | 8, read: 1 };

/** Numbers from -1 to below 1 that are the same each time. */
function numbers() {
  let state = 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 31 - 1;
  };
}

/** A layer of any numbers, in the encoding of a kernel. Its scales are a power of two, which every format holds. */
function measuredLayer({ encoding, bias }, { n, k, groupSize }, next) {
  const groups = groupsOf(k, groupSize) * paddedN(n);
  const of = {
    symmetric: () => ({}),
    zero_point: () => ({ zeroPoints: new Uint8Array(groups).fill(FACTS.layout.zeroPoint) }),
    minimum: () => ({ minimums: new Float32Array(groups).fill(-FACTS.layout.zeroPoint * SCALE) }),
    codebook: () => ({ levels: Float32Array.from({ length: FACTS.layout.levels }, (_, q) => q - FACTS.layout.zeroPoint) }),
  };
  return {
    n,
    k,
    groupSize,
    weight: Uint8Array.from({ length: n * packedK(k) }, () => (next() + 1) * 128),
    scales: new Float32Array(groups).fill(SCALE),
    ...of[encoding](),
    ...(bias === 'always' ? { bias: new Float32Array(n) } : {}),
  };
}

async function readBack(device, buffer) {
  const staging = device.createBuffer({ label: 'q4 read back', size: buffer.size, usage: MEASURING.reading });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MEASURING.read);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** Fills a buffer with zeros, so that outputs of one variant are not taken for those of the next. */
function clear(device, buffer) {
  const encoder = device.createCommandEncoder();
  encoder.clearBuffer(buffer);
  device.queue.submit([encoder.finish()]);
}

/** One after another `count` of the calls, which take turns. */
function submitted(device, calls, first, count) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (let index = 0; index < count; index += 1) {
    calls[(first + index) % calls.length].record(pass);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** A variant in a race. */
class Runner {
  #device;
  #calls;
  #next = 0;
  #count = 1;
  #laps = [];

  constructor(device, name, calls) {
    this.#device = device;
    this.name = name;
    this.#calls = calls;
  }

  /** Milliseconds of one multiplication: the median of all laps, 0 where there is none yet. */
  get milliseconds() {
    return [...this.#laps].sort((a, b) => a - b)[this.#laps.length >> 1] ?? 0;
  }

  async #lap() {
    const begin = performance.now();
    submitted(this.#device, this.#calls, this.#next, this.#count);
    await this.#device.queue.onSubmittedWorkDone();
    this.#next += this.#count;
    return performance.now() - begin;
  }

  /** Runs for about so many milliseconds, and once in any case. */
  async run(share) {
    const end = performance.now() + share;
    if (this.#laps.length === 0) {
      await this.#lap();
      while ((await this.#lap()) < LAP && this.#count < MOST_DISPATCHES) {
        this.#count *= 2;
      }
    }
    do {
      this.#laps.push((await this.#lap()) / this.#count);
    } while (performance.now() < end);
  }
}

/** Successive halving for about so many milliseconds: all run a little, the better half runs on. */
async function race(runners, milliseconds) {
  const rounds = Math.max(Math.ceil(Math.log2(Math.max(runners.length, 1))), 1);
  let running = runners.length;
  for (let round = 0; round < rounds; round += 1) {
    const ahead = [...runners].sort((a, b) => a.milliseconds - b.milliseconds).slice(0, running);
    for (const runner of ahead) {
      await runner.run(milliseconds / rounds / running);
    }
    running = divCeil(running, 2);
  }
}

/** Some of a number of places, spread evenly. */
const spread = (of, most) => Array.from({ length: Math.min(of, most) }, (_, index) => Math.floor((index * of) / Math.min(of, most)));

/** A function that says what is wrong with outputs of a variant, by a sample of them; undefined where nothing is. */
function judge(layer, x, m) {
  const { n, k } = layer;
  const rows = m === 1 ? [0] : [0, m - 1];
  const columns = spread(n, COMPARED_COLUMNS);
  const expected = reference(Float32Array.from(rows.flatMap((row) => [...x.subarray(row * k, (row + 1) * k)])), layer, columns);
  return (variant, y) => {
    const got = rows.flatMap((row) => columns.map((column) => y[row * n + column]));
    const { wrong, first } = compare(variant, k, expected, got);
    return wrong === 0 ? undefined : `${wrong} of ${got.length} outputs are wrong, the first is ${first.got} and not ${first.expected}`;
  };
}

/** Refuses rows whose inputs or outputs no buffer holds, before anything is measured. */
function checkMeasured({ limits }, m, columns) {
  checkDimensions({ rows: m });
  if (m * columns * ELEMENT > limits.maxBufferSize) {
    throw new Q4Error(`${m} rows of ${columns} exceed maxBufferSize, ${limits.maxBufferSize} on this device; measure fewer`);
  }
}
