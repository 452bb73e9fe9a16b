/**
 * What compilers put around the functions of a module, and these then expect there: its source, by the name it has. A
 * function that arrives as source finds these around it.
 */
export const HELPERS: Readonly<Record<string, string>> = {
  /** esbuild with `keepNames`: tsx, tsup. */
  __name: "(target, value) => Object.defineProperty(target, 'name', { value, configurable: true })",
  /** `import()` as Vite and vitest compile it. */
  __vite_ssr_dynamic_import__: 'specifier => import(specifier)',
}
