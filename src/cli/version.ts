import { readFileSync } from 'node:fs'

/** The version in the package that this is a file of: how far up that is differs between the sources and what is built. */
export function version(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('../distributed/serve', folder)) {
    const found = readPackage(new URL('package.json', folder))
    if (found !== undefined) return found.version
    if (folder.pathname === '/') throw new Error('the package.json of taskscope is missing')
  }
}

function readPackage(url: URL): { readonly version: string } | undefined {
  try {
    return JSON.parse(readFileSync(url, 'utf8'))
  } catch {
    return undefined
  }
}
