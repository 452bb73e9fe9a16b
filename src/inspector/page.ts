import { readFileSync } from 'node:fs'

/** A file of the page. */
export interface PageFile {
  readonly name: string
  readonly type: string
  readonly text: string
}

const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'actions.js': 'text/javascript; charset=utf-8',
  'element.js': 'text/javascript; charset=utf-8',
  'format.js': 'text/javascript; charset=utf-8',
  'history.js': 'text/javascript; charset=utf-8',
  'now.js': 'text/javascript; charset=utf-8',
  'rows.js': 'text/javascript; charset=utf-8',
  'resources.js': 'text/javascript; charset=utf-8',
  'task.js': 'text/javascript; charset=utf-8',
} as const

/** The texts of the files by name. The build puts them here, so that there is nothing to read beside the module. */
const TEXTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(TYPES).map(name => [name, readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8')]),
)

/** The file of a path: the page itself for a folder, a part of it for a path that ends with `page/` and its name. */
export function pageFile(path: string): PageFile | undefined {
  const name = path.endsWith('/') ? 'index.html' : (/\/page\/([a-z]+\.(?:js|css))$/.exec(path)?.[1] ?? '')
  if (!Object.hasOwn(TYPES, name)) return undefined
  return { name, type: TYPES[name as keyof typeof TYPES], text: TEXTS[name] as string }
}
