/**
 * What compilers put around the functions of a module, and these then expect there, by the name that it has. A worker
 * has these for functions that arrive as source.
 */
export const HELPERS: Readonly<Record<string, (...args: never[]) => unknown>> = {
  /** esbuild with `keepNames`: tsx, tsup. */
  __name: (target: object, value: string) => Object.defineProperty(target, 'name', { value, configurable: true }),
  /** `import()` as Vite and vitest compile it. */
  __vite_ssr_dynamic_import__: (specifier: string) => import(specifier),
}
