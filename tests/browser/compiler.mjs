// Tint's word on a text.

import { compilingDevice } from './dawn.mjs';

/** Workgroups beyond the baseline, in memory or in invocations, are for other devices than the null back end's; their texts are compiled like all others. */
const TOO_LARGE_HERE = /total use of workgroup storage|workgroup_size\(.*\) that exceeds the maximum allowed/;

/** What a good compiler must refuse. One that takes it checks nothing, and its word about the others is worth nothing. */
const DIVERGENT = `
@group(0) @binding(0) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
    if (lane < 3u) { workgroupBarrier(); }
    output[lane] = 1.0;
}`;

/** A function that compiles a text down to a pipeline and returns what was said against it. */
export async function compiler() {
  const { device } = await compilingDevice();
  const compile = async (code) => {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code });
    const complaints = (await module.getCompilationInfo()).messages
      .filter((message) => message.type !== 'info')
      .map(({ type, lineNum, linePos, message }) => `${lineNum}:${linePos} ${type}: ${message}`);
    if (complaints.length === 0) {
      device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
    }
    const error = await device.popErrorScope();
    if (error === null || complaints.length > 0) {
      return { complaints, isTooLarge: false };
    }
    const isTooLarge = TOO_LARGE_HERE.test(error.message);
    return { complaints: isTooLarge ? [] : [error.message], isTooLarge };
  };
  if ((await compile(DIVERGENT)).complaints.length === 0) {
    throw new Error('a barrier in divergent control flow passed: this compiler does not check what it is asked for');
  }
  return compile;
}
