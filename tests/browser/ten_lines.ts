// What a page needs to multiply by 4-bit weights. Checked against the types of the exported module.
import { Any, openDevice, quantize } from './q4_kernels.js';

export async function decode(rows: Float32Array, x: GPUBuffer, y: GPUBuffer): Promise<GPUDevice> {
  const device = await openDevice();
  const linear = await Any.create(device);
  const weights = await linear.upload(quantize(rows, { n: 8192, k: 2048, groupSize: 32 }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  linear.dispatch(pass, weights, x, y, 1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return device;
}
