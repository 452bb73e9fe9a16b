import { show } from '../../base/options.ts'

/** The URL of a module as `import.meta.url` has it; a `TypeError` for anything that a worker could not import. */
export function moduleUrl(module: string | URL | undefined): string {
  if (typeof module === 'string' && URL.canParse(module) && !isDrive(module)) return new URL(module).href
  if (module instanceof URL) return module.href
  throw new TypeError(`module must be the URL of a module, such as import.meta.url, got ${show(module)}${hint(module)}`)
}

function hint(module: unknown): string {
  if (module === undefined) {
    return ': a bundle in the CommonJS format has no import.meta.url (build it as ESM, or with the `shims` of tsup)'
  }
  if (typeof module !== 'string') return ''
  if (/^(?:[/.\\]|[a-z]:)/i.test(module)) return ': for a path pass pathToFileURL(path) of node:url'
  return ': for a package pass import.meta.resolve(name)'
}

/** `C:\tasks.js` would pass for a URL with the protocol `c:`. */
function isDrive(module: string): boolean {
  return /^[a-z]:/i.test(module)
}
