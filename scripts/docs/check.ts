/** Follows every link within the built site: to a page that is not there, or to a place that its page does not have. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const site = fileURLToPath(new URL('../../site', import.meta.url))
const pages = new Map(globSync('**/*.html', { cwd: site }).map(path => [path, readFileSync(join(site, path), 'utf8')]))
const files = new Set(globSync('**/*', { cwd: site }))

const dead: string[] = []
let links = 0
for (const [path, text] of pages) {
  for (const [, link = ''] of text.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
    if (/^(?:[a-z]+:|\/\/)/.test(link)) continue
    links += 1
    if (!leadsSomewhere(path, link)) dead.push(`${path} -> ${link}`)
  }
}
if (pages.size < 10) throw new Error(`site/ has ${pages.size} pages: build it with npm run docs`)
if (dead.length > 0) {
  console.error(`${dead.length} dead links:\n  ${dead.join('\n  ')}`)
  process.exit(1)
}
console.log(`${pages.size} pages, ${links} links, none dead`)

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor = ''] = decodeURIComponent(link.replaceAll('&amp;', '&')).split('#')
  const to = path === '' ? from : posix.join(dirname(from), path.split('?')[0] as string)
  const target = pages.get(to)
  if (target === undefined) return files.has(to)
  return anchor === '' || target.includes(`id="${anchor}"`)
}
