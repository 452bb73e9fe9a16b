import { defineConfig } from 'tsup'

const entry = {
  bullmq: 'src/bullmq/index.ts',
  index: 'src/index.ts',
  sqlite: 'src/sqlite.ts',
  testing: 'src/testing/index.ts',
  worker: 'src/worker/index.ts',
}

/** What threads and processes run: found beside the file that starts them. */
const inside = {
  lifeline: 'src/worker/host/lifeline.ts',
  'process-entry': 'src/worker/host/process-entry.ts',
  'thread-entry': 'src/worker/host/thread-entry.ts',
}

/** What `npx taskscope` runs. */
const command = { cli: 'src/bullmq/cli.ts' }

export default defineConfig({
  entry: { ...entry, ...inside, ...command },
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  dts: { entry, compilerOptions: { stripInternal: true } },
  splitting: true,
  sourcemap: true,
  clean: true,
  // Without it there is no `node:sqlite`.
  removeNodeProtocol: false,
})
