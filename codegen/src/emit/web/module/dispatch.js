// One multiplication -> dispatches that fit the device.

/** The workgroups of a variant for `m` rows and `n` columns on a device that allows `limit` of them per dimension. */
export function grid(variant, m, n, limit) {
  const dispatch = variantNamed(variant).dispatch;
  const { kind, rows, columns, workgroups } = dispatch;
  switch (kind) {
    case 'grid_stride':
      return [Math.min(divCeil(n, columns), limit), 1, 1];
    case 'persistent': {
      const blocks = divCeil(n, columns);
      const rounds = Math.max(divCeil(blocks, Math.min(workgroups, limit)), 1);
      return [divCeil(blocks, rounds), 1, 1];
    }
    case 'dealt':
      return [Math.min(divCeil(n, columns), workgroups, limit), 1, 1];
    case 'folded': {
      const tiles = divCeil(m, rows) * divCeil(n, columns);
      // Folding evenly keeps the overshoot, workgroups that find no tile, below one row of the grid.
      const y = Math.max(divCeil(tiles, limit), 1);
      const x = divCeil(tiles, y);
      if (x > limit || y > limit) {
        throw new Q4Error(
          `${tiles} workgroups of ${rows} x ${columns} outputs cannot be folded into two dimensions of ${limit}; use a larger tile`,
        );
      }
      return [x, y, 1];
    }
    default:
      throw new Q4Error(`${variant} is dispatched by a formula that is not known here: ${kind}`);
  }
}

/** The most rows that one dispatch can serve for `n` columns. */
function mostRows({ kind, rows, columns }, n, limit) {
  return kind === 'folded' ? Math.floor((limit * limit) / divCeil(n, columns)) * rows : Infinity;
}

function variantNamed(name) {
  const variant = VARIANTS[name];
  if (variant === undefined) {
    throw new Q4Error(`no variant of this module is called ${name}; there are: ${Object.keys(VARIANTS).join(', ')}`);
  }
  return variant;
}

const ELEMENT = Float32Array.BYTES_PER_ELEMENT;
/** Where it can, a window ends at a multiple of this, so that no tile of rows is computed in vain. */
const ROWS_MULTIPLE = 64;

/**
 * Splits `rows` rows for the columns `first` to `end` of `n`, so that the windows of input and output fit a binding and the grid fits the device,
 * and places every window at an offset that a binding may have.
 */
function windows(device, name, { rows, k, n, first, end }, x, y) {
  const { limits } = device;
  const alignment = Math.max(limits.minStorageBufferOffsetAlignment, ELEMENT);
  // The worst case of what an aligned binding holds before its window.
  const limit = mostBindingBytes(device);
  const room = limit - alignment;
  const [inputBytes, outputBytes, countBytes] = [k * ELEMENT, n * ELEMENT, (end - first) * ELEMENT];
  const inputRows = Math.floor(room / inputBytes);
  const outputRows = room < countBytes ? 0 : Math.floor((room - countBytes) / outputBytes) + 1;
  if (inputRows < 1 || outputRows < 1) {
    const [operand, columns] = inputRows < 1 ? ['x', k] : ['y', end - first];
    throw new Q4Error(`one row of ${operand} has ${columns} elements and does not fit a binding of ${limit} bytes`);
  }
  const gridLimit = limits.maxComputeWorkgroupsPerDimension;
  const gridRows = mostRows(variantNamed(name).dispatch, end - first, gridLimit);
  // Where not even one row fits the grid, `grid` says so.
  const most = Math.max(Math.min(inputRows, outputRows, gridRows), 1);
  const step = most >= rows ? rows : most >= ROWS_MULTIPLE ? most - (most % ROWS_MULTIPLE) : most;
  const placed = (operand, before, bytes) => {
    const start = operand.offset + before;
    const skippedBytes = start % alignment;
    return {
      skipped: skippedBytes / ELEMENT,
      binding: { buffer: operand.buffer, offset: start - skippedBytes, size: bytes + skippedBytes },
    };
  };
  const found = [];
  for (let row = 0; row < rows; row += step) {
    const m = Math.min(step, rows - row);
    found.push({
      m,
      input: placed(x, row * inputBytes, m * inputBytes),
      output: placed(y, row * outputBytes + first * ELEMENT, (m - 1) * outputBytes + countBytes),
      grid: grid(name, m, end - first, gridLimit),
    });
  }
  return found;
}
