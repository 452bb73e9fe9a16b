import { show } from '../../base/options.ts'
import { pathToFileURL, process } from '../node.ts'

/**
 * The URL of a module as `import.meta.url` has it, also of the path that CommonJS has in `__filename`; a `TypeError` for
 * anything that a worker could not import.
 */
export function moduleUrl(module: string | URL | undefined): string {
  if (typeof module === 'string' && URL.canParse(module) && !isDrive(module)) return new URL(module).href
  if (module instanceof URL) return module.href
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href
  throw new TypeError(
    `module must be the URL of a module, such as import.meta.url, or __filename, got ${show(module)}${hint(module)}`,
  )
}

function hint(module: unknown): string {
  if (module === undefined) {
    return ': a bundle in the CommonJS format has no import.meta.url (build it as ESM, or with the `shims` of tsup)'
  }
  if (typeof module !== 'string') return ''
  if (module.startsWith('.') || isDrive(module)) return ': for a path pass new URL(path, import.meta.url)'
  return ': for a package pass import.meta.resolve(name)'
}

/** `C:\tasks.js` would pass for a URL with the protocol `c:`. */
function isDrive(module: string): boolean {
  return /^[a-z]:/i.test(module)
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || (process.platform === 'win32' && isDrive(path))
}
