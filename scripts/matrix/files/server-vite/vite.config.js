export default {
  build: { ssr: 'esm.js', outDir: 'out', rolldownOptions: { output: { entryFileNames: 'esm.js' } } },
  ssr: { noExternal: true },
}
