import { heapAfterWaves } from './waves.ts'

const MEGABYTE = 1_000_000
const ALLOWED = 2 * MEGABYTE

const heap = await heapAfterWaves(20, 50_000)
for (const [wave, bytes] of heap.entries())
  console.log(`${(wave + 1) * 50_000} tasks: ${(bytes / MEGABYTE).toFixed(1)} MB`)

const growth = Math.max(...heap.slice(10)) - Math.max(...heap.slice(1, 10))
console.log(`growth over the second half: ${(growth / MEGABYTE).toFixed(2)} MB`)
if (growth > ALLOWED) process.exitCode = 1
