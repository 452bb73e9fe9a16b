import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...globSync(['docs/**/*.md', 'bench/*.md'], { cwd: ROOT }),
]

/** The links of a page that lead to something of this project: `path`, `path#heading`, `#heading`. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```.*?^```$/gms, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] as string).filter(link => !/^\w+:/.test(link))
}

/** The files and folders that a page names: `src/task/task.ts`, `test/invariants/`. */
function pathsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/`((?:src|test|scripts|docs|bench|examples|\.ci)\/[^`*\s]*)`/g)].map(
    match => match[1] as string,
  )
}

/** The scripts of package.json that a page tells to run. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/\bnpm run (?:-\S+ )?([\w:-]+)/g)].map(match => match[1] as string)
}

/** What a heading is called in a link. */
function anchorsOf(page: string): string[] {
  const headings = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.*)$/gm)]
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(PAGES)('%s', page => {
  it('links to nothing that is not there', () => {
    const broken = linksOf(page).filter(link => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path))
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })

  // A changelog tells of files that have gone since.
  it.skipIf(page === 'CHANGELOG.md')('names no file that is not there', () => {
    expect(pathsOf(page).filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

it.each(PAGES.filter(page => !page.startsWith('bench/')))('%s tells to run no script that is not there', page => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(commandsOf(page).filter(name => !Object.hasOwn(scripts, name))).toEqual([])
})

it('maps every folder of src', () => {
  const folders = globSync('src/**/', { cwd: ROOT }).map(path => `${path.replaceAll('\\', '/').replace(/\/$/, '')}/`)
  expect(folders.filter(folder => folder !== 'src/' && !pathsOf('docs/architecture.md').includes(folder))).toEqual([])
})

/** What a reader of the package has, but for what is built. */
const PACKED = packed()

function packed(): string[] {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT })
  const [{ files }] = JSON.parse(listed.toString()) as [{ readonly files: readonly { readonly path: string }[] }]
  return files.map(({ path }) => path).filter(path => !path.startsWith('dist/'))
}

describe('the package', () => {
  it('has the pages that its users read', () => {
    const pages = ['README.md', 'CHANGELOG.md', 'LICENSE', ...globSync('docs/**/*.md', { cwd: ROOT })]
    expect(PACKED).toEqual(expect.arrayContaining(pages))
  })

  it.each(PACKED.filter(path => path.endsWith('.md')))('has everything that %s links to', page => {
    const targets = linksOf(page)
      .map(link => link.split('#')[0] as string)
      .filter(path => path !== '')
      .map(path => relative(ROOT, resolve(ROOT, dirname(page), path)))
    expect(targets.filter(to => !PACKED.includes(to))).toEqual([])
  })

  it('has a changelog whose first release is its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const headings = [...readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## (.*)$/gm)].map(
      match => match[1],
    )
    const [release = ''] = headings.filter(heading => heading !== '[Unreleased]')
    expect(release).toMatch(/^\[\d+\.\d+\.\d+\S*\] - \d{4}-\d{2}-\d{2}$/)
    expect(release.split(' - ')[0]).toBe(`[${version}]`)
    expect(Number.isNaN(Date.parse(release.slice(-10)))).toBe(false)
  })
})

it('keeps the README to what is read at one go', () => {
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(300)
})
