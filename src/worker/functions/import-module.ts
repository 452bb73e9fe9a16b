import { SerializationError } from '../../base/errors.ts'
import { getBuiltinModule, process } from '../node.ts'
import { importGuarded } from './nesting.ts'

const { realpathSync } = getBuiltinModule('node:fs')
const { fileURLToPath, pathToFileURL } = getBuiltinModule('node:url')

/** A module inside a worker. */
export interface ImportedModule {
  readonly exports: Readonly<Record<string, unknown>>
  /** What `import.meta.url` says in it: the file behind the links. */
  readonly realUrl: string
}

/** Imports a module inside a worker. Its top level runs once, however often this is called: Node sees to that. */
export async function importModule(url: string): Promise<ImportedModule> {
  try {
    const exports = (await importGuarded(url, () => import(url))) as ImportedModule['exports']
    return { exports, realUrl: realUrlOf(url) }
  } catch (cause) {
    throw new SerializationError(`a worker could not import ${url}: ${reasonOf(cause)}`, { cause })
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && !process.features.typescript) {
    return `Node ${process.versions.node} does not run TypeScript here: use 22.18 or later, or compile the module first`
  }
  return message === undefined ? `it threw ${String(cause)}` : String(message)
}

function realUrlOf(url: string): string {
  if (!url.startsWith('file:')) return url
  const { search, hash } = new URL(url)
  return pathToFileURL(realpathSync(fileURLToPath(url))).href + search + hash
}
