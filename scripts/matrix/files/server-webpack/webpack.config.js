export default {
  mode: 'production',
  target: 'node22',
  entry: './esm.js',
  experiments: { outputModule: true },
  output: { path: `${import.meta.dirname}/out`, filename: 'esm.js', module: true, chunkFormat: 'module' },
  // Else `import.meta.url` would be the path of the source: workers are to load the bundle.
  module: { parser: { javascript: { importMeta: false } } },
}
