import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts', sqlite: 'src/sqlite.ts' },
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  // Without it there is no `node:sqlite`.
  removeNodeProtocol: false,
})
